/** The values of one dimension as bars: pale for all, coloured for what is selected; a click selects. */
import { compact, count, percent, UNKNOWN } from "../format";
import { walk } from "../walk";
import type { Axis } from "./cube";

interface Props {
  axis: Axis;
  /** Pale bars: all, or in a comparison the rest. */
  all: Float64Array;
  /** Coloured bars: what is selected. */
  now: Float64Array;
  /** Whether both are shares of their own sums. */
  compare: boolean;
  chosen: number[];
  onChoose: (codes: number[]) => void;
}

export function nameOf(axis: Axis, code: number): string {
  if (axis.others && code === axis.labels!.length - 1) return `(other) ${count(axis.others)} values`;
  return axis.labels![code] ?? `${UNKNOWN} unknown`;
}

/** The selection after a click: alone, or with a modifier added to and taken from what is chosen. */
export function chosenAfter(chosen: number[], code: number, add: boolean): number[] {
  const was = chosen.includes(code);
  if (add) return was ? chosen.filter((other) => other !== code) : [...chosen, code].sort((a, b) => a - b);
  return was && chosen.length === 1 ? [] : [code];
}

const sum = (values: Float64Array) => values.reduce((whole, n) => whole + n, 0);

export function Bars({ axis, all, now, compare, chosen, onChoose }: Props) {
  const [wholeAll, wholeNow] = [sum(all), sum(now)];
  const [perAll, perNow] = compare ? [1 / (wholeAll || 1), 1 / (wholeNow || 1)] : [1, 1];
  const most = Math.max(...[...all].map((n) => n * perAll), ...(compare ? [...now].map((n) => n * perNow) : [0])) || 1;
  const width = (value: number) => ({ width: `${(value / most) * 100}%` });
  return (
    <section class={compare ? "bars compared" : "bars"} data-ls-chart={axis.key}>
      <h3>{axis.title}</h3>
      <ul aria-label={axis.title}>
        {axis.labels!.map((_, code) => {
          const name = nameOf(axis, code);
          const on = chosen.length === 0 || chosen.includes(code);
          const [n, whole] = [now[code]!, all[code]!];
          const failed = axis.key === "status" && axis.labels![code] === "error";
          const words = compare
            ? `${percent(n * perNow)} of the selection, ${percent(whole * perAll)} of the rest`
            : `${count(n)} of ${count(whole)}${wholeNow ? `, ${percent(n / wholeNow)} of those selected` : ""}`;
          return (
            <li key={code}>
              <button
                type="button"
                aria-pressed={chosen.includes(code)}
                aria-label={`${axis.title} ${name}: ${words}`}
                class={`${on ? "on" : "off"}${failed ? " failed" : ""}`}
                title={`${name}: ${words}. Click to select, with Shift for several.`}
                data-value={Math.round(n)}
                onKeyDown={walk}
                onClick={(event) =>
                  onChoose(chosenAfter(chosen, code, event.shiftKey || event.metaKey || event.ctrlKey))
                }
              >
                <span class="name">
                  <bdi>{name}</bdi>
                </span>
                <span class="num">
                  {compare ? (
                    <>
                      {percent(n * perNow)} <small>{percent(whole * perAll)}</small>
                    </>
                  ) : (
                    compact(n)
                  )}
                </span>
                <span class="track">
                  <span class="all" style={width(whole * perAll)} />
                  <span class="now" style={width(n * perNow)} />
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
