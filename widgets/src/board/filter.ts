/** What is brushed: as codes for the crossfilter and Python, and as SQL. */
import { minute, time } from "../format";
import { type Axis, edge } from "./cube";

/** Time and what is measured: first and last bin. A dimension: the chosen codes. Absent: no filter. */
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

function values(axis: Axis, chosen: number[]): string {
  const labels = axis.labels!;
  const column = name(axis.sql);
  const rest = axis.others ? labels.length - 1 : -1;
  const others = chosen.includes(rest);
  const listed = labels.filter((_, code) => code !== rest && chosen.includes(code) !== others);
  const texts = listed.filter((label) => label !== null).map(quoted);
  // Where unknown is no bar of its own, it is among the others.
  const unknown = chosen.some((code) => labels[code] === null) || (others && !labels.includes(null));
  const parts: string[] = [];
  if (others && texts.length) parts.push(`${column} not in (${texts.join(", ")})`);
  else if (texts.length === 1) parts.push(`${column} = ${texts[0]}`);
  else if (texts.length) parts.push(`${column} in (${texts.join(", ")})`);
  else if (others) parts.push(`${column} is not null`);
  if (unknown) parts.push(`${column} is null`);
  return parts.length > 1 ? `(${parts.join(" or ")})` : parts.join("");
}

/** One condition of the filter as SQL. Where it is only read, bounds are rounded and tokens are called so. */
export function condition(axis: Axis, chosen: number[], read = true): string {
  const [first = 0, last = 0] = chosen;
  if (axis.kind === "time") {
    const [from, to] = [edge(axis, first), edge(axis, last + 1)];
    const bound = (at: number) => (read ? minute(at) : time(at, true));
    return `start_time >= '${bound(from)}' and start_time < '${bound(to)}'`;
  }
  if (axis.kind === "log") {
    const sql = read && axis.key === "tokens" ? "tokens" : axis.sql;
    const bound = (value: number) => String(read ? Number(value.toPrecision(4)) : value);
    const from = first === 0 ? "0" : bound(edge(axis, first));
    return `${sql} >= ${from} and ${sql} < ${bound(edge(axis, last + 1))}`;
  }
  return values(axis, chosen);
}

/** The whole filter as one SQL condition, exact, for `scope.where`. */
export const sql = (axes: Axis[], brush: Brush): string =>
  axes.flatMap((axis) => (brush[axis.key]?.length ? [condition(axis, brush[axis.key]!, false)] : [])).join(" and ") ||
  "true";
