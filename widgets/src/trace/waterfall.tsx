/** The tree and the waterfall: one row per span, of which only those in sight are in the page. */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { duration } from "../format";
import { kind } from "./kinds";
import { parentPosition, type Spans, type Tree, visible } from "./tree";

const ROW = 26;
const MOST_ROWS = 18;

interface Props {
  spans: Spans;
  tree: Tree;
  selected: number;
  onSelect: (row: number) => void;
}

/** Steps of the time scale: a round number of ms, at most five of them. */
export function ticks(length: number): number[] {
  if (!(length > 0)) return [0];
  const rough = length / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => i * step);
}

function useRows(count: number) {
  const box = useRef<HTMLDivElement>(null);
  const [, redraw] = useState(0);
  const list = useRef<Virtualizer<HTMLDivElement, HTMLDivElement> | null>(null);
  const options = {
    count,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 8,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw((n) => n + 1),
    initialRect: { width: 600, height: ROW * Math.min(count, MOST_ROWS) },
  };
  list.current ??= new Virtualizer(options);
  list.current.setOptions({ ...list.current.options, ...options });
  useLayoutEffect(() => list.current!._didMount(), []);
  useLayoutEffect(() => list.current!._willUpdate());
  return { box, list: list.current };
}

export function Waterfall({ spans, tree, selected, onSelect }: Props) {
  const [folded, setFolded] = useState<ReadonlySet<number>>(() => new Set());
  const [rows, setRows] = useState(() => visible(tree, folded));
  const { box, list } = useRows(rows.length);
  const total = tree.length || 1;
  const scale = ticks(tree.length).filter((tick) => tick <= 0.9 * total);

  const fold = (row: number, shut: boolean) => {
    const next = new Set(folded);
    if (shut) next.add(row);
    else next.delete(row);
    setFolded(next);
    setRows(visible(tree, next));
  };
  const foldAll = (shut: boolean) => {
    const next = new Set(shut ? [...tree.order].filter((row) => tree.children[row]! > 0 && tree.depth[row]! > 0) : []);
    setFolded(next);
    setRows(visible(tree, next));
  };
  const go = (at: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, at))];
    if (row === undefined) return;
    onSelect(row);
    list.scrollToIndex(rows.indexOf(row), { align: "auto" });
  };
  const nextError = (step: number) => {
    for (let at = rows.indexOf(selected) + step; at >= 0 && at < rows.length; at += step) {
      if (spans.status[rows[at]!] === "error") return at;
    }
    return -1;
  };
  const key = (event: KeyboardEvent) => {
    const at = rows.indexOf(selected);
    const open = tree.children[selected]! > 0 && !folded.has(selected);
    const moves: Record<string, () => void> = {
      ArrowDown: () => go(at + 1),
      ArrowUp: () => go(at - 1),
      PageDown: () => go(at + 10),
      PageUp: () => go(at - 10),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      ArrowRight: () => (tree.children[selected]! > 0 && !open ? fold(selected, false) : go(at + 1)),
      ArrowLeft: () => (open ? fold(selected, true) : go(Math.max(0, parentPosition(tree, rows, at)))),
      Enter: () => tree.children[selected]! > 0 && fold(selected, open),
      " ": () => tree.children[selected]! > 0 && fold(selected, open),
      e: () => nextError(1) >= 0 && go(nextError(1)),
      E: () => nextError(-1) >= 0 && go(nextError(-1)),
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move();
  };

  return (
    <div class="waterfall">
      <div class="scale" aria-hidden="true">
        <span class="tools">
          <button type="button" tabIndex={-1} title="Fold all" onClick={() => foldAll(true)}>
            ⊟
          </button>
          <button type="button" tabIndex={-1} title="Unfold all" onClick={() => foldAll(false)}>
            ⊞
          </button>
        </span>
        <span />
        <span class="ticks">
          {scale.map((tick) => (
            <i key={tick} style={{ left: `${(tick / total) * 100}%` }}>
              {duration(tick)
                .replace(/(\.\d*?)0+ /, "$1 ")
                .replace(". ", " ")}
            </i>
          ))}
        </span>
      </div>
      <div
        ref={box}
        class="rows"
        role="tree"
        aria-label="Spans"
        tabIndex={0}
        aria-activedescendant={`span-${selected}`}
        style={{ maxHeight: `${ROW * MOST_ROWS}px` }}
        onKeyDown={key}
      >
        <div style={{ height: `${list.getTotalSize()}px`, position: "relative" }}>
          {list.getVirtualItems().map(({ index, start: top }) => {
            const row = rows[index]!;
            const { word, icon, tone } = kind(spans.operation[row]);
            const [start, took] = [spans.start[row] ?? null, spans.duration[row] ?? null];
            const failed = spans.status[row] === "error";
            const aside = [spans.actor[row], word].find((text) => text && !spans.name[row]!.includes(text));
            const odd = tree.oddity.get(row);
            const left = ((start ?? 0) / total) * 100;
            const wide = (Math.max(0, took ?? 0) / total) * 100;
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the tree takes the keys
              // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus and names its active row
              <div
                key={row}
                id={`span-${row}`}
                data-ls="span-row"
                class={`row${row === selected ? " selected" : ""}${failed ? " failed" : ""}`}
                role="treeitem"
                aria-level={tree.depth[row]! + 1}
                aria-selected={row === selected}
                aria-expanded={tree.children[row]! > 0 ? !folded.has(row) : undefined}
                aria-label={`${word} ${spans.name[row]}${failed ? ", failed" : ""}, ${duration(took)}`}
                style={{ transform: `translateY(${top}px)`, height: `${ROW}px` }}
                onClick={() => onSelect(row)}
              >
                <span class="what" style={{ paddingLeft: `${Math.min(tree.depth[row]!, 24) * 14}px` }}>
                  {tree.children[row]! > 0 ? (
                    <button
                      type="button"
                      class="fold"
                      tabIndex={-1}
                      aria-hidden="true"
                      onClick={(event) => {
                        event.stopPropagation();
                        fold(row, !folded.has(row));
                      }}
                    >
                      {folded.has(row) ? "▸" : "▾"}
                    </button>
                  ) : (
                    <span class="fold" />
                  )}
                  <span class={`icon ${tone}`} title={word}>
                    {icon}
                  </span>
                  <span class="name" title={spans.name[row]}>
                    {spans.name[row]}
                  </span>
                  {failed && (
                    <span class="error" title={spans.error[row] ?? "failed"}>
                      ✕
                    </span>
                  )}
                  {odd && (
                    <span
                      class="odd"
                      title={odd === "orphan" ? "Its parent is not in the trace" : "It is an ancestor of itself"}
                    >
                      {odd}
                    </span>
                  )}
                  {aside && (
                    <span class="actor muted" title={aside}>
                      {aside}
                    </span>
                  )}
                </span>
                <span class="took num">{took === null ? "no end" : duration(took)}</span>
                <span class="lane">
                  {start === null ? (
                    <span class="muted unknown">time unknown</span>
                  ) : (
                    <span
                      class={`bar ${failed ? "error" : tone}${took === null ? " endless" : ""}`}
                      style={{ left: `${left}%`, width: `max(2px, ${wide}%)` }}
                    />
                  )}
                </span>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
