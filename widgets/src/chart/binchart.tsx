/** A binned chart that can be brushed by pointer and by keyboard. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { View } from "vega";
import type { Stage } from "../shell";
import { palette } from "../theme";
import { alike, type Bin, dressed, PADDING, ticksOf } from "./bins";
import { clamp, keyed, type Range } from "./keyed";
import { draw, type Spec } from "./vega";

interface Props {
  /** What the chart is about, such as "latency". */
  name: string;
  /** The chart as Altair drew it. */
  spec: Spec;
  /** "time", or the unit of a logarithmic axis. */
  unit: string;
  /** Accessible name, such as "Time range". */
  label: string;
  bins: Bin[];
  height: number;
  stage: Stage;
  skin: number;
  compare?: boolean;
  /** First and last brushed bin. Absent `onBrush`: a picture only. */
  brush?: Range | undefined;
  onBrush?: (brush: Range | undefined) => void;
  /** Words for a range of bins. */
  say?: (first: number, last: number) => string;
  /** Lines of text about a bin, shown beside the pointer. */
  tell?: (code: number) => string[];
  /** Id of the element that describes the chart. */
  described?: string;
}

export function BinChart(props: Props) {
  const { name, spec, unit, label, bins, height, stage, skin, brush, onBrush, say, tell, described } = props;
  const compare = props.compare ?? false;
  const box = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLDivElement>(null);
  const view = useRef<View | null>(null);
  const latest = useRef({ bins, compare });
  const drag = useRef<{ mode: "new" | "move" | "first" | "last"; at: number; from: Range; had: boolean } | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const drawn = useRef(latest.current);
  latest.current = { bins, compare };
  const size = bins.length;
  const scaled = unit === "time" ? (x: number) => x : Math.log10;
  const [low, high] = [scaled(bins[0]?.x0 ?? 1), scaled(bins.at(-1)?.x1 ?? 10)];
  /** Where on the axis a value is, from 0 to 1. */
  const along = (x: number) => (scaled(x) - low) / (high - low);

  useEffect(() => {
    const gone = new AbortController();
    const element = box.current!;
    let width = 0;
    const inner = () => Math.max(60, width - PADDING.left - PADDING.right);
    const ticks = () => (unit === "time" ? [] : ticksOf(latest.current.bins, unit, inner()));
    const start = async () => {
      width = element.clientWidth;
      if (!width) return;
      const colors = palette(stage.root);
      const state = { ticks: ticks(), compare: latest.current.compare };
      const dress = dressed(spec, latest.current.bins, { width: inner(), height }, colors, state);
      element.replaceChildren();
      view.current = await draw(dress, element, stage.root, colors, gone.signal);
    };
    let started = start();
    const sizes = new ResizeObserver(() => {
      if (!element.clientWidth || element.clientWidth === width) return;
      width = element.clientWidth;
      started = started.then(() => {
        if (gone.signal.aborted) return undefined;
        if (!view.current) return start();
        view.current.width(inner()).signal("ticks", ticks());
        return view.current.runAsync().then(() => undefined);
      });
    });
    sizes.observe(element);
    gone.signal.addEventListener("abort", () => {
      sizes.disconnect();
      view.current = null;
    });
    return () => gone.abort();
  }, [spec, unit, skin, stage, height, bins[0]?.x0, bins.at(-1)?.x1, size]);

  // Vega keeps what it is given, so it gets rows of its own; most moves of a brush leave the chart under it alone.
  useLayoutEffect(() => {
    const before = drawn.current;
    drawn.current = { bins, compare };
    if (before.compare === compare && alike(before.bins, bins)) return;
    view.current
      ?.signal("compare", compare)
      .data(
        "bins",
        bins.map((bin) => ({ ...bin })),
      )
      .run();
  }, [bins, compare]);

  const binAt = (event: PointerEvent) => {
    const { left, width } = area.current!.getBoundingClientRect();
    const at = (event.clientX - left) / width;
    const found = bins.findIndex((bin) => at < along(bin.x1));
    return found < 0 ? size - 1 : found;
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0 || !onBrush) return;
    const at = binAt(event);
    const role = (event.target as HTMLElement).dataset.role;
    const mode = role === "first" || role === "last" ? role : role === "move" ? "move" : "new";
    drag.current = { mode, at, from: brush ?? [at, at], had: brush !== undefined };
    area.current!.setPointerCapture(event.pointerId);
    event.preventDefault();
    area.current!.focus({ preventScroll: true });
  };
  const move = (event: PointerEvent) => {
    const held = drag.current;
    const at = binAt(event);
    if (at !== over) setOver(at);
    if (!held || !onBrush) return;
    const [first, last] = held.from;
    if (held.mode === "new" && at === held.at) return;
    let next: Range;
    if (held.mode === "new") next = [Math.min(held.at, at), Math.max(held.at, at)];
    else if (held.mode === "move") {
      const by = clamp(at - held.at, -first, size - 1 - last);
      next = [first + by, last + by];
    } else {
      const other = held.mode === "first" ? last : first;
      next = [Math.min(other, at), Math.max(other, at)];
    }
    if (next[0] !== brush?.[0] || next[1] !== brush?.[1]) onBrush(next);
  };
  const up = (event: PointerEvent) => {
    const held = drag.current;
    drag.current = null;
    // A click without a drag chooses one bin, or takes a brush away.
    if (held && held.mode === "new" && binAt(event) === held.at) onBrush?.(held.had ? undefined : [held.at, held.at]);
    else if (held && held.mode === "move" && binAt(event) === held.at) onBrush?.(undefined);
  };
  const key = (event: KeyboardEvent) => {
    const next = keyed(event.key, event.shiftKey, brush, size);
    if (next === null || !onBrush) return;
    event.preventDefault();
    event.stopPropagation();
    onBrush(next);
  };
  const share = (part: number) => `${part * 100}%`;
  const [from, to] = brush ? [along(bins[brush[0]]!.x0), along(bins[brush[1]]!.x1)] : [0, 0];
  const place = brush && { left: share(from), width: share(to - from) };
  const inset = {
    left: `${PADDING.left}px`,
    right: `${PADDING.right}px`,
    top: `${PADDING.top}px`,
    height: `${height}px`,
  };
  const middle = over === null || over >= size ? 0 : along(bins[over]!.x0);
  const lines = over === null || over >= size ? [] : (tell?.(over) ?? []);
  return (
    <div class="binchart" data-ls-chart={name} style={{ height: `${height + PADDING.top + PADDING.bottom}px` }}>
      <div ref={box} class="plot" {...(onBrush ? { "aria-hidden": true } : { role: "img", "aria-label": label })} />
      {(onBrush || tell) && (
        // biome-ignore lint/a11y/noStaticElementInteractions: a slider where it can be brushed, else hints at the pointer
        <div
          ref={area}
          class={onBrush ? "area brushed" : "area"}
          style={inset}
          {...(onBrush
            ? {
                role: "slider",
                tabIndex: 0,
                "aria-label": label,
                "aria-describedby": described,
                "aria-valuemin": 0,
                "aria-valuemax": size - 1,
                "aria-valuenow": brush?.[0] ?? 0,
                "aria-valuetext": brush ? say?.(...brush) : "all",
              }
            : { "aria-hidden": true })}
          onPointerDown={down}
          onPointerMove={move}
          onPointerUp={up}
          onPointerCancel={up}
          onPointerLeave={() => setOver(null)}
          onKeyDown={key}
        >
          {place && (
            <div class="band" style={place} data-role="move">
              <i data-role="first" />
              <i data-role="last" />
            </div>
          )}
          {lines.length > 0 && (
            <div
              class="hint"
              aria-hidden
              style={
                middle < 0.5 ? { left: share(along(bins[over!]!.x1)) } : { right: share(1 - along(bins[over!]!.x0)) }
              }
            >
              {lines.map((line) => (
                <div key={line}>{line}</div>
              ))}
            </div>
          )}
        </div>
      )}
    </div>
  );
}
