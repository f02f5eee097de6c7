/** One span in the waterfall: what it is, how long it took, and when. */
import { compact, duration, money } from "../format";
import { kind } from "./kinds";
import type { Times } from "./path";
import type { View } from "./timeline";
import type { Spans, Tree } from "./tree";

export const ROW = 26;

const ODD = { orphan: "Its parent is not in the trace", cycle: "It is an ancestor of itself" };

interface Props {
  spans: Spans;
  tree: Tree;
  times: Times;
  row: number;
  top: number;
  view: View;
  selected: boolean;
  folded: boolean;
  /** Whether a filter finds it; null without a filter. */
  match: boolean | null;
  path: boolean;
  onSelect: (row: number) => void;
  onFold: (row: number, shut: boolean) => void;
}

/** The pieces of time as one SVG path in a box 1000 wide; those closer than the eye can part are one. */
export function line(pieces: [number, number][], view: View): string {
  const scale = 1000 / (view.to - view.from);
  const parts: string[] = [];
  let [low, high] = [Number.NaN, Number.NaN];
  const put = () => Number.isNaN(low) || parts.push(`M${low.toFixed(2)} 1H${high.toFixed(2)}`);
  for (const [from, to] of pieces) {
    const [a, b] = [Math.max(0, (from - view.from) * scale), Math.min(1000, (to - view.from) * scale)];
    if (b <= a) continue;
    if (low - b < 1.5) low = a;
    else {
      put();
      [low, high] = [a, b];
    }
  }
  put();
  return parts.join("");
}

function told({ spans, times, row }: Props, word: string): string {
  const facts = [
    `${spans.name[row]}  (${word})`,
    spans.actor[row],
    spans.error[row] && `✕ ${spans.error[row]}`,
    `took ${duration(spans.duration[row])}, self ${duration(times.own[row])}`,
    times.critical[row]! > 0 ? `${duration(times.critical[row])} of it on the critical path` : null,
    spans.tokens[row] === null ? null : `${compact(spans.tokens[row])} tokens`,
    spans.cost[row] === null ? null : money(spans.cost[row]),
  ];
  return facts.filter(Boolean).join("\n");
}

export function Row(props: Props) {
  const { spans, tree, times, row, top, view, selected, folded, match, path, onSelect, onFold } = props;
  const { word, icon, tone } = kind(spans.operation[row]);
  const [start, took] = [spans.start[row] ?? null, spans.duration[row] ?? null];
  const failed = spans.status[row] === "error";
  const aside = [spans.actor[row], word].find((text) => text && !spans.name[row]!.includes(text));
  const odd = tree.oddity.get(row);
  const parent = tree.children[row]! > 0;
  const at = (ms: number) => Math.min(101, Math.max(-1, ((ms - view.from) / (view.to - view.from)) * 100));
  const left = at(start ?? 0);
  const right = at((start ?? 0) + Math.max(0, took ?? 0));
  const elsewhere = start !== null && (right < 0 || left > 100);
  const pieces = path ? times.pieces.get(row) : undefined;
  const marked = match === null ? "" : match ? " match" : " dim";
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree takes the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus and names its active row
    <div
      id={`span-${row}`}
      data-ls="span-row"
      data-span={spans.id[row]}
      class={`row${selected ? " selected" : ""}${failed ? " failed" : ""}${marked}`}
      role="treeitem"
      aria-level={tree.depth[row]! + 1}
      aria-selected={selected}
      aria-expanded={parent ? !folded : undefined}
      aria-label={`${word} ${spans.name[row]}${failed ? ", failed" : ""}, ${duration(took)}`}
      title={told(props, word)}
      style={{ transform: `translateY(${top}px)`, height: `${ROW}px` }}
      onClick={() => onSelect(row)}
    >
      <span class="what" style={{ paddingLeft: `${Math.min(tree.depth[row]!, 24) * 14}px` }}>
        {parent ? (
          <button
            type="button"
            class="fold"
            tabIndex={-1}
            aria-hidden="true"
            onClick={(event) => {
              event.stopPropagation();
              onFold(row, !folded);
            }}
          >
            {folded ? "▸" : "▾"}
          </button>
        ) : (
          <span class="fold" />
        )}
        <span class={`icon ${tone}`}>{icon}</span>
        <span class="name">{spans.name[row]}</span>
        {failed && <span class="error">✕</span>}
        {odd && (
          <span class="odd" title={ODD[odd]}>
            {odd}
          </span>
        )}
        {aside && <span class="actor muted">{aside}</span>}
      </span>
      <span class="took num">{took === null ? "no end" : duration(took)}</span>
      <span class="lane">
        {start === null && <span class="muted unknown">time unknown</span>}
        {elsewhere && <span class={`muted elsewhere${left > 100 ? " later" : ""}`}>{left > 100 ? "›" : "‹"}</span>}
        {start !== null && !elsewhere && (
          <span
            class={`bar ${failed ? "error" : tone}${took === null ? " endless" : ""}`}
            style={{ left: `${left}%`, width: `max(2px, ${right - left}%)` }}
          />
        )}
        {pieces && (
          <svg class="critical" viewBox="0 0 1000 2" preserveAspectRatio="none" aria-hidden="true">
            <path d={line(pieces, view)} />
          </svg>
        )}
      </span>
    </div>
  );
}
