/** What the colours mean, how many points have each, and a click to choose some. */
import { chosenAfter } from "../board/bars";
import { compact, count, percent, UNKNOWN } from "../format";
import type { Colouring } from "./points";

interface Props {
  colouring: Colouring;
  all: Float64Array;
  now: Float64Array;
  inks: string[];
  chosen: number[];
  onChoose: (codes: number[]) => void;
  /** Tells over which code the pointer or the keyboard is, -1 for none. */
  onPoint: (code: number) => void;
}

const NONE: Record<string, string> = { topic: "in no topic", region: "as before" };

export function nameOf({ key, labels, others }: Colouring, code: number): string {
  const label = labels[code];
  if (label === null || label === undefined) return NONE[key] ?? `${UNKNOWN} unknown`;
  return others && label === "(other)" ? `(other) ${count(others)} values` : label;
}

export function Legend({ colouring, all, now, inks, chosen, onChoose, onPoint }: Props) {
  const total = all.reduce((sum, n) => sum + n, 0) || 1;
  return (
    <ul class="legend" aria-label={colouring.key} data-ls-chart={colouring.key}>
      {colouring.labels.map((_, code) => {
        const name = nameOf(colouring, code);
        const on = chosen.length === 0 || chosen.includes(code);
        const words = `${count(now[code])} of ${count(all[code])}, ${percent(all[code]! / total)} of all`;
        return (
          <li key={code}>
            <button
              type="button"
              class={on ? "on" : "off"}
              aria-pressed={chosen.includes(code)}
              aria-label={`${name}: ${words}`}
              title={`${name}: ${words}. Click to select, with Shift for several.`}
              data-value={now[code]}
              onPointerEnter={() => onPoint(code)}
              onPointerLeave={() => onPoint(-1)}
              onFocus={() => onPoint(code)}
              onBlur={() => onPoint(-1)}
              onClick={(event) => onChoose(chosenAfter(chosen, code, event.shiftKey || event.metaKey || event.ctrlKey))}
            >
              <i style={{ background: inks[code] }} />
              <span class="name">{name}</span>
              <span class="num">{compact(now[code])}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
