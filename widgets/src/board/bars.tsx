/** The values of one dimension as bars: pale for all, coloured for what is selected; a click selects. */
import { compact, count, percent, UNKNOWN } from "../format";
import type { Axis } from "./cube";

interface Props {
  axis: Axis;
  all: Float64Array;
  now: Float64Array;
  chosen: number[];
  onChoose: (codes: number[]) => void;
}

export function nameOf(axis: Axis, code: number): string {
  if (axis.others && code === axis.labels!.length - 1) return `${count(axis.others)} others`;
  return axis.labels![code] ?? `${UNKNOWN} unknown`;
}

/** The selection after a click: alone, or with a modifier added to and taken from what is chosen. */
export function chosenAfter(chosen: number[], code: number, add: boolean): number[] {
  const was = chosen.includes(code);
  if (add) return was ? chosen.filter((other) => other !== code) : [...chosen, code].sort((a, b) => a - b);
  return was && chosen.length === 1 ? [] : [code];
}

export function Bars({ axis, all, now, chosen, onChoose }: Props) {
  const most = Math.max(...all, 1);
  const total = now.reduce((sum, n) => sum + n, 0);
  return (
    <section class="bars" data-ls-chart={axis.key} aria-label={axis.title}>
      <h3>{axis.title}</h3>
      <ul>
        {axis.labels!.map((_, code) => {
          const name = nameOf(axis, code);
          const on = chosen.length === 0 || chosen.includes(code);
          const n = now[code]!;
          const failed = axis.key === "status" && axis.labels![code] === "error";
          return (
            <li key={name}>
              <button
                type="button"
                aria-pressed={chosen.includes(code)}
                class={`${on ? "on" : "off"}${failed ? " failed" : ""}`}
                title={`${name}: ${count(n)} of ${count(all[code])}${total ? `, ${percent(n / total)} of those selected` : ""}. Click to select, with Shift for several.`}
                onClick={(event) =>
                  onChoose(chosenAfter(chosen, code, event.shiftKey || event.metaKey || event.ctrlKey))
                }
              >
                <span class="name">{name}</span>
                <span class="num">{compact(n)}</span>
                <span class="track">
                  <span class="all" style={{ width: `${(all[code]! / most) * 100}%` }} />
                  <span class="now" style={{ width: `${(n / most) * 100}%` }} />
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
