/** The whole trace in a strip: every span a line, what failed in front, and the part that the waterfall shows. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { duration } from "../format";
import { useDrag } from "./drag";
import { kind } from "./kinds";
import { isWhole, type View } from "./timeline";
import type { Spans, Tree } from "./tree";

const HEIGHT = 42;

function draw(canvas: HTMLCanvasElement, spans: Spans, tree: Tree): void {
  const width = canvas.clientWidth;
  const ratio = globalThis.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = HEIGHT * ratio;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const colours = new Map<string, string>();
  const colour = (tone: string) => {
    if (!colours.has(tone)) colours.set(tone, style.getPropertyValue(`--ls-${tone}`).trim() || "#888");
    return colours.get(tone)!;
  };
  const n = tree.order.length;
  const scale = width / (tree.length || 1);
  const tall = Math.min(4, Math.max(1, (HEIGHT - 4) / n - 0.5));
  const bar = (row: number, tone: string, least: number) => {
    const start = spans.start[row];
    if (start === null || start === undefined) return;
    context.fillStyle = colour(tone);
    const y = 2 + (tree.position[row]! / n) * (HEIGHT - 4);
    context.fillRect(start * scale, y, Math.max(least, Math.max(0, spans.duration[row] ?? 0) * scale), tall);
  };
  for (const row of tree.order) if (spans.status[row] !== "error") bar(row, kind(spans.operation[row]).tone, 1);
  for (const row of tree.order) if (spans.status[row] === "error") bar(row, "error", 2);
}

interface Props {
  spans: Spans;
  tree: Tree;
  view: View;
  skin: number;
  /** The rows in sight, as shares of all in the order of the tree. */
  sight: [from: number, to: number];
  onView: (view: View | null) => void;
}

export function Minimap({ spans, tree, view, skin, sight, onView }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const total = tree.length || 1;
  const { part, on } = useDrag(([from, to]) => onView({ from: from * total, to: to * total }));
  useLayoutEffect(() => {
    const again = () => draw(canvas.current!, spans, tree);
    again();
    const watcher = new ResizeObserver(again);
    watcher.observe(canvas.current!);
    return () => watcher.disconnect();
  }, [spans, tree, skin]);
  const shown = part ? { from: part[0] * total, to: part[1] * total } : view;
  const at = (ms: number) => `${(ms / total) * 100}%`;
  const some = part !== null || !isWhole(view, tree.length);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: for the pointer; keys look closer as well
    <div
      class="minimap"
      data-ls="minimap"
      title="Drag to look closer, double-click for all"
      {...on}
      onDblClick={() => onView(null)}
    >
      <canvas ref={canvas} height={HEIGHT} />
      {some && (
        <>
          <span class="veil" style={{ left: 0, width: at(shown.from) }} />
          <span class="veil" style={{ left: at(shown.to), right: 0 }} />
          <span class="window" style={{ left: at(shown.from), width: at(shown.to - shown.from) }} />
        </>
      )}
      {sight[1] - sight[0] < 1 && (
        <span
          class="sight"
          style={{ top: `${sight[0] * 100}%`, height: `max(3px, ${(sight[1] - sight[0]) * 100}%)` }}
        />
      )}
      <span class="sr" aria-live="polite">
        {some ? `Showing ${duration(shown.from)} to ${duration(shown.to)} of ${duration(tree.length)}` : ""}
      </span>
    </div>
  );
}
