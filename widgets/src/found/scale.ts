/** A linear scale with round numbers to label it. */
import { format } from "../format";
import type { Slice } from "./rows";

const known = (value: number | null): value is number => value !== null && Number.isFinite(value);

export interface Scale {
  low: number;
  high: number;
  ticks: number[];
}

/** From the lowest bound to the highest, the value of everything included, with a little room. */
export function scale(rows: Slice[], overall: number | null): Scale {
  const values = [overall, ...rows.flatMap(({ value, low, high }) => [value, low, high])].filter(known);
  if (!values.length) return { low: 0, high: 1, ticks: [] };
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = (most - least || Math.abs(most) || 1) * 0.04;
  const low = least >= 0 ? Math.max(0, least - room) : least - room;
  const high = most + room;
  return { low, high, ticks: ticks(low, high) };
}

/** A few round numbers within. */
export function ticks(low: number, high: number): number[] {
  const rough = (high - low) / 4.5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((size) => size >= rough)!;
  const found: number[] = [];
  for (let at = Math.ceil(low / step); at * step <= high; at++) found.push(Number((at * step).toPrecision(12)));
  return found;
}

/** Where a value lies, in per cent. */
export const place = ({ low, high }: Scale, value: number) => ((value - low) / (high - low)) * 100;

/** A round number with its unit, without zeros that say nothing. */
export const label = (value: number, unit: string) =>
  (unit === "" && Math.abs(value) < 1000
    ? String(Number(value.toPrecision(3)))
    : format(value, unit === "rate" ? "share" : unit)
  ).replace(/(\.\d*?)0+(?!\d)/, (_, kept) => (kept === "." ? "" : kept));
