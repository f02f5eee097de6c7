/** What is brushed: as codes for the crossfilter and Python, and as text that reads like code. */
import { minute } from "../format";
import { type Axis, edge } from "./cube";

/** Time and latency: first and last bin. A dimension: the chosen codes. Absent: no filter. */
export type Brush = Record<string, number[]>;

/** The codes a brush lets through on an axis. */
export function passes(axis: Axis, chosen: number[] | undefined): Uint8Array | null {
  if (!chosen?.length) return null;
  const pass = new Uint8Array(axis.size);
  if (axis.kind === "values") for (const code of chosen) pass[code] = 1;
  else pass.fill(1, chosen[0], chosen[1]! + 1);
  return pass;
}

const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`;
const name = (key: string) => (/^[a-z_][a-z0-9_]*$/i.test(key) ? key : `"${key.replaceAll('"', '""')}"`);
const ms = (value: number) => String(Number(value.toPrecision(4)));

function values(axis: Axis, chosen: number[]): string {
  const labels = axis.labels!;
  const rest = axis.others ? labels.length - 1 : -1;
  const others = chosen.includes(rest);
  const listed = labels.filter((_, code) => code !== rest && chosen.includes(code) !== others);
  const texts = listed.filter((label) => label !== null).map(quoted);
  // Where unknown is no bar of its own, it is among the others.
  const unknown = chosen.some((code) => labels[code] === null) || (others && !labels.includes(null));
  const parts: string[] = [];
  if (others && texts.length) parts.push(`${name(axis.key)} not in (${texts.join(", ")})`);
  else if (texts.length === 1) parts.push(`${name(axis.key)} = ${texts[0]}`);
  else if (texts.length) parts.push(`${name(axis.key)} in (${texts.join(", ")})`);
  else if (others) parts.push(`${name(axis.key)} is not null`);
  if (unknown) parts.push(`${name(axis.key)} is null`);
  return parts.length > 1 ? `(${parts.join(" or ")})` : parts.join("");
}

/** One condition of the filter as SQL; the exact bounds are those of the bins. */
export function condition(axis: Axis, chosen: number[]): string {
  const [first = 0, last = 0] = chosen;
  if (axis.kind === "time") {
    const [from, to] = [axis.start! + first * axis.width!, axis.start! + (last + 1) * axis.width!];
    return `start_time >= '${minute(from)}' and start_time < '${minute(to)}'`;
  }
  if (axis.kind === "latency") {
    return `duration_ms >= ${ms(edge(axis, first))} and duration_ms < ${ms(edge(axis, last + 1))}`;
  }
  return values(axis, chosen);
}

/** The whole filter, one condition after the other. */
export const conditions = (axes: Axis[], brush: Brush): string[] =>
  axes.flatMap((axis) => (brush[axis.key]?.length ? [condition(axis, brush[axis.key]!)] : []));
