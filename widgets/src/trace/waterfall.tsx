/** The tree and the waterfall: one row per span, of which only those in sight are in the page. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, duration } from "../format";
import { useRows } from "../virtual";
import type { Detail } from "./detail";
import { useDrag } from "./drag";
import { matches, withAncestors } from "./filter";
import { KeyCard, type Keys, TREE_KEYS, typing } from "./keys";
import { Minimap } from "./minimap";
import type { Times } from "./path";
import { ROW, Row } from "./row";
import { isWhole, kept, panned, ticks, type View, whole, zoomed } from "./timeline";
import { foldedTo, openLevels, parentPosition, type Spans, type Tree, visible } from "./tree";

const MOST_ROWS = 18;
const PAGE = 12;

interface Props {
  spans: Spans;
  tree: Tree;
  times: Times;
  details: Record<string, Detail>;
  selected: number;
  skin: number;
  /** Keys beside the tree's own that `?` lists. */
  keys: Keys[];
  onSelect: (row: number) => void;
  /** Spans whose texts mention a text, where somebody can be asked. */
  onFind: (text: string) => Promise<string[]>;
}

/** The spans that a filter finds: at once by what is here, and a moment later by the texts that the kernel holds. */
function useFilter({ spans, details, onFind }: Props, text: string): Uint8Array | null {
  const [asked, setAsked] = useState<string[]>([]);
  useEffect(() => {
    setAsked([]);
    if (text.trim().length < 2) return undefined;
    let gone = false;
    const wait = setTimeout(() => {
      onFind(text.trim()).then(
        (found) => gone || setAsked(found),
        () => undefined, // nobody to ask: what is embedded was searched
      );
    }, 300);
    return () => {
      gone = true;
      clearTimeout(wait);
    };
  }, [text, onFind]);
  return useMemo(() => {
    const found = matches(spans, details, text);
    if (!found || asked.length === 0) return found;
    const ids = new Set(asked);
    return found.map((match, row) => match || Number(ids.has(spans.id[row]!)));
  }, [spans, details, text, asked]);
}

const short = (ms: number) =>
  duration(ms)
    .replace(/(\.\d*?)0+ /, "$1 ")
    .replace(". ", " ");

export function Waterfall(props: Props) {
  const { spans, tree, times, selected, skin, keys, onSelect } = props;
  const [folded, setFolded] = useState<ReadonlySet<number>>(() => new Set());
  const [view, setView] = useState<View>(() => whole(tree.length));
  const [filter, setFilter] = useState("");
  const [hiding, setHiding] = useState(false);
  const [path, setPath] = useState(true);
  const [help, setHelp] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const matched = useFilter(props, filter);
  const rows = useMemo(
    () => visible(tree, folded, hiding && matched ? withAncestors(tree, matched) : null),
    [tree, folded, hiding, matched],
  );
  const { box, list } = useRows(rows.length, ROW, MOST_ROWS);
  const found = useMemo(() => matched?.reduce((sum, match) => sum + match, 0) ?? 0, [matched]);
  const failures = useMemo(() => spans.status.filter((status) => status === "error").length, [spans]);
  const span = view.to - view.from;
  const scale = ticks(span, view.from).filter((tick) => tick <= view.from + 0.9 * span);
  const ruler = useDrag(([from, to]) =>
    setView(kept({ from: view.from + from * span, to: view.from + to * span }, tree.length)),
  );

  const fold = (row: number, shut: boolean) => {
    const next = new Set(folded);
    if (shut) next.add(row);
    else next.delete(row);
    settle(next);
  };
  /** Folds, and selects what the selected span went into. */
  const settle = (next: ReadonlySet<number>) => {
    setFolded(next);
    const at = tree.position[selected]!;
    const hiders = [...next].filter((row) => tree.position[row]! < at && at < tree.end[tree.position[row]!]!);
    if (hiders.length) onSelect(hiders.reduce((a, b) => (tree.depth[a]! < tree.depth[b]! ? a : b)));
  };
  const show = (at: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, at))];
    if (row === undefined) return;
    onSelect(row);
    list.scrollToIndex(rows.indexOf(row), { align: "auto" });
  };
  /** Goes to the next row in the order of the tree for which `test` holds, unfolding what hides it. */
  const jump = (step: number, test: (row: number) => boolean) => {
    const n = tree.order.length;
    for (let k = 1, at = tree.position[selected]!; k <= n; k++) {
      at = (at + step + n) % n;
      const row = tree.order[at]!;
      if (!test(row)) continue;
      const open = new Set(folded);
      for (const shut of folded) {
        if (tree.position[shut]! < at && at < tree.end[tree.position[shut]!]!) open.delete(shut);
      }
      if (open.size < folded.size) setFolded(open);
      onSelect(row);
      requestAnimationFrame(() => {
        const shown = visible(tree, open, hiding && matched ? withAncestors(tree, matched) : null);
        list.scrollToIndex(Math.max(0, shown.indexOf(row)), { align: "center" });
      });
      return;
    }
  };
  const failed = (step: number) => jump(step, (row) => spans.status[row] === "error");
  const match = (step: number) => jump(step, (row) => !matched || matched[row] === 1);
  const level = (step: number) => settle(foldedTo(tree, Math.max(1, openLevels(tree, folded) + step)));
  const zoom = (factor: number, at?: number) => setView(zoomed(view, tree.length, factor, at));
  const clear = () => {
    setFilter("");
    box.current?.focus();
  };

  const inTree = (event: KeyboardEvent) => {
    const at = rows.indexOf(selected);
    const parent = tree.children[selected]! > 0;
    const open = parent && !folded.has(selected);
    const moves: Record<string, () => void> = {
      ArrowDown: () => show(at + 1),
      ArrowUp: () => show(at - 1),
      PageDown: () => show(at + PAGE),
      PageUp: () => show(at - PAGE),
      Home: () => show(0),
      End: () => show(rows.length - 1),
      ArrowRight: () => (event.shiftKey ? pan(0.2) : parent && !open ? fold(selected, false) : show(at + 1)),
      ArrowLeft: () =>
        event.shiftKey ? pan(-0.2) : open ? fold(selected, true) : show(Math.max(0, parentPosition(tree, rows, at))),
      Enter: () => parent && fold(selected, open),
      " ": () => parent && fold(selected, open),
      s: () => show(at + PAGE),
      w: () => show(at - PAGE),
      f: () => match(1),
      b: () => match(-1),
      o: () => level(1),
      p: () => level(-1),
      O: () => setFolded(new Set()),
      P: () => settle(foldedTo(tree, 1)),
    };
    return moves[event.key];
  };
  const pan = (share: number) => setView(panned(view, tree.length, share));
  const anywhere: Record<string, () => void> = {
    "]": () => failed(1),
    "[": () => failed(-1),
    "+": () => zoom(0.5),
    "=": () => zoom(0.5),
    "-": () => zoom(2),
    "0": () => setView(whole(tree.length)),
    c: () => setPath(!path),
    "/": () => field.current?.focus(),
    "?": () => setHelp(true),
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    const tree = event.composedPath()[0] === box.current;
    const move =
      (tree ? inTree(event) : undefined) ??
      anywhere[event.key] ??
      (event.key === "Escape" && filter ? clear : undefined);
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  };
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return;
    event.preventDefault();
    const lane = (event.currentTarget as HTMLElement).parentElement!.querySelector(".ticks")!.getBoundingClientRect();
    const at = Math.min(1, Math.max(0, (event.clientX - lane.left) / lane.width));
    if (event.shiftKey) pan(Math.sign(event.deltaY || event.deltaX) * 0.1);
    else zoom(event.deltaY > 0 ? 1.25 : 0.8, at);
  };
  const items = list.getVirtualItems();
  const [first, last] = [rows[items.at(0)?.index ?? 0] ?? 0, rows[items.at(-1)?.index ?? 0] ?? 0];
  const n = tree.order.length;
  const all = n * ROW <= ROW * MOST_ROWS;

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys that rise from what has the focus inside
    <div class="waterfall-side" role="presentation" onKeyDown={key}>
      <div class="tools" role="toolbar" aria-label="Spans">
        <input
          ref={field}
          type="search"
          value={filter}
          placeholder="Filter spans"
          aria-label="Filter spans"
          onInput={(event) => setFilter(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") match(event.shiftKey ? -1 : 1);
            else if (event.key === "Escape") clear();
            else return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        {matched && (
          <>
            <span class="muted num" aria-live="polite" data-ls="matches" data-value={found}>
              {count(found)} of {count(n)}
            </span>
            <button type="button" class="ls-push" aria-pressed={hiding} onClick={() => setHiding(!hiding)}>
              only these
            </button>
          </>
        )}
        <span class="gap" />
        {failures > 0 && (
          <span class="jump">
            <button type="button" class="ls-push" title="Previous failed span  [" onClick={() => failed(-1)}>
              ‹
            </button>
            <button type="button" class="ls-push error" title="Next failed span  ]" onClick={() => failed(1)}>
              {count(failures)} failed ›
            </button>
          </span>
        )}
        <span class="jump">
          <button type="button" class="ls-push" title="Fold one level  p" onClick={() => level(-1)}>
            ⊟
          </button>
          <button type="button" class="ls-push" title="Unfold one level  o" onClick={() => level(1)}>
            ⊞
          </button>
        </span>
        <button
          type="button"
          class="ls-push"
          title="Mark what the request was waiting for  c"
          aria-pressed={path}
          onClick={() => setPath(!path)}
        >
          critical path
        </button>
        <button type="button" class="ls-push" title="Keys  ?" aria-label="Keys" onClick={() => setHelp(true)}>
          ?
        </button>
      </div>
      <div class="waterfall">
        <Minimap
          spans={spans}
          tree={tree}
          view={view}
          skin={skin}
          sight={all ? [0, 1] : [tree.position[first]! / n, (tree.position[last]! + 1) / n]}
          onView={(part) => setView(part ? kept(part, tree.length) : whole(tree.length))}
        />
        <div class="scale" aria-hidden="true">
          <span />
          <span class="all">
            {!isWhole(view, tree.length) && (
              <button type="button" tabIndex={-1} title="The whole time  0" onClick={() => setView(whole(tree.length))}>
                all
              </button>
            )}
          </span>
          <span class="ticks" {...ruler.on}>
            {scale.map((tick) => (
              <i key={tick} style={{ left: `${((tick - view.from) / span) * 100}%` }}>
                {short(tick)}
              </i>
            ))}
            {ruler.part && (
              <span
                class="window"
                style={{ left: `${ruler.part[0] * 100}%`, width: `${(ruler.part[1] - ruler.part[0]) * 100}%` }}
              />
            )}
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
          onWheel={wheel}
        >
          <div style={{ height: `${list.getTotalSize()}px`, position: "relative" }}>
            {items.map(({ index, start }) => {
              const row = rows[index];
              return (
                row !== undefined && (
                  <Row
                    key={row}
                    spans={spans}
                    tree={tree}
                    times={times}
                    row={row}
                    top={start}
                    view={view}
                    selected={row === selected}
                    folded={folded.has(row)}
                    match={matched && matched[row] === 1}
                    path={path}
                    onSelect={onSelect}
                    onFold={fold}
                  />
                )
              );
            })}
          </div>
        </div>
        {rows.length === 0 && <p class="muted none">No span mentions it.</p>}
      </div>
      {help && (
        <KeyCard
          groups={[TREE_KEYS, ...keys]}
          onClose={() => {
            setHelp(false);
            box.current?.focus();
          }}
        />
      )}
    </div>
  );
}
