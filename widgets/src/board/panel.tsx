/** One range of the board: its chart to brush, or the table behind it, and what it says in words. */
import { useMemo } from "preact/hooks";
import { BinChart } from "../chart/binchart";
import type { Bin } from "../chart/bins";
import type { Range } from "../chart/keyed";
import type { Spec } from "../chart/vega";
import { count, format, minute, percent } from "../format";
import type { Stage } from "../shell";
import { type Axis, edge } from "./cube";

export interface PanelProps {
  axis: Axis;
  /** What is counted, in the plural. */
  unit: string;
  spec: Spec;
  height: number;
  /** Per code: everything, or in a comparison the rest. */
  all: Float64Array;
  /** Per code: what is selected. */
  now: Float64Array;
  /** Per code: how many of those failed, where the chart shows it. */
  failed?: Float64Array | undefined;
  compare: boolean;
  /** The table instead of the chart. */
  table: boolean;
  brush: number[] | undefined;
  onBrush: (brush: Range | undefined) => void;
  stage: Stage;
  skin: number;
}

const sum = (values: Float64Array) => values.reduce((whole, n) => whole + n, 0);

/** The bins of an axis: counts, or in a comparison shares of their own sums. */
export function binsOf(
  axis: Axis,
  all: Float64Array,
  now: Float64Array,
  failed: Float64Array | undefined,
  compare: boolean,
): Bin[] {
  const [ofAll, ofNow] = compare ? [1 / (sum(all) || 1), 1 / (sum(now) || 1)] : [1, 1];
  return Array.from({ length: axis.size - 1 }, (_, code) => ({
    x0: edge(axis, code),
    x1: edge(axis, code + 1),
    all: all[code]! * ofAll,
    n: now[code]! * ofNow,
    bad: compare ? 0 : (failed?.[code] ?? 0),
  }));
}

/** The words for a lower and an upper edge. */
export function spoken(axis: Axis, first: number, last: number): [from: string, to: string] {
  if (axis.kind === "time") return [minute(edge(axis, first)), minute(edge(axis, last + 1))];
  const from = first === 0 && axis.zero ? 0 : edge(axis, first);
  // Even where all costs are tiny, neighbouring edges differ.
  const one = (value: number) =>
    axis.unit === "USD" && value < 0.01 ? `$${Number(value.toPrecision(2))}` : format(value, axis.unit!);
  return [one(from), one(edge(axis, last + 1))];
}

const say = (axis: Axis, first: number, last: number) =>
  `${spoken(axis, first, last).join(" to ")}${axis.kind === "time" ? " UTC" : ""}`;

/** What a bin holds. */
function told(bin: Bin, unit: string, compare: boolean, failing: boolean): string[] {
  if (compare) return [`${percent(bin.n)} of the selection`, `${percent(bin.all)} of the rest`];
  const counted = bin.n === bin.all ? `${count(bin.n)} ${unit}` : `${count(bin.n)} of ${count(bin.all)} ${unit}`;
  return failing ? [counted, `${count(bin.bad)} failed`] : [counted];
}

function summary(axis: Axis, bins: Bin[], unit: string, compare: boolean): string {
  const held = bins.flatMap((bin, code) => (bin.n > 0 ? [code] : []));
  if (!held.length) return `No ${unit} selected.`;
  const most = held.reduce((best, code) => (bins[code]!.n > bins[best]!.n ? code : best));
  const [first, last] = [held[0]!, held.at(-1)!];
  return `From ${say(axis, first, last)}; most in ${say(axis, most, most)}: ${told(bins[most]!, unit, compare, false).join(", ")}.`;
}

function Table({
  axis,
  bins,
  unit,
  compare,
  failing,
  label,
}: {
  axis: Axis;
  bins: Bin[];
  unit: string;
  compare: boolean;
  failing: boolean;
  label: string;
}) {
  const number = compare ? percent : count;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard
    <div class="behind" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th>from</th>
            <th>to</th>
            <th class="num">{compare ? "selection" : "selected"}</th>
            {failing && !compare && <th class="num">failed</th>}
            <th class="num">{compare ? "rest" : `all ${unit}`}</th>
          </tr>
        </thead>
        <tbody>
          {bins.map((bin, code) => {
            if (!bin.all && !bin.n) return null;
            const [from, to] = spoken(axis, code, code);
            return (
              <tr key={code}>
                <td>{from}</td>
                <td>{to}</td>
                <td class="num">{number(bin.n)}</td>
                {failing && !compare && <td class="num">{count(bin.bad)}</td>}
                <td class="num">{number(bin.all)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

export function Panel(props: PanelProps) {
  const { axis, unit, spec, height, all, now, failed, compare, table, brush, onBrush, stage, skin } = props;
  const bins = useMemo(() => binsOf(axis, all, now, failed, compare), [axis, all, now, failed, compare]);
  const name = axis.kind === "time" ? "Time" : `${axis.title[0]!.toUpperCase()}${axis.title.slice(1)}`;
  const words = `about-${axis.key}`;
  const failing = failed !== undefined;
  return (
    <>
      {table ? (
        <Table axis={axis} bins={bins} unit={unit} compare={compare} failing={failing} label={`${name} as a table`} />
      ) : (
        <BinChart
          name={axis.key}
          spec={spec}
          unit={axis.unit!}
          label={`${name} range`}
          described={words}
          bins={bins}
          height={height}
          compare={compare}
          brush={brush?.length ? [brush[0]!, brush[1]!] : undefined}
          onBrush={onBrush}
          say={(first, last) => say(axis, first, last)}
          tell={(code) => [say(axis, code, code), ...told(bins[code]!, unit, compare, failing)]}
          stage={stage}
          skin={skin}
        />
      )}
      <p class="sr" id={words}>
        {summary(axis, bins, unit, compare)}
      </p>
    </>
  );
}
