/** A binned chart that can be brushed by pointer and by keyboard. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { View } from "vega";
import type { Stage } from "../shell";
import { palette } from "../theme";
import { type Bin, binned, PADDING } from "./bins";
import { draw } from "./vega";

interface Props {
  kind: "time" | "latency";
  /** Accessible name, such as "Time range". */
  label: string;
  bins: Bin[];
  domain: [number, number];
  height: number;
  stage: Stage;
  skin: number;
  /** First and last brushed bin. Absent `onBrush`: a picture only. */
  brush?: [number, number] | undefined;
  onBrush?: (brush: [number, number] | undefined) => void;
  /** Words for a range of bins. */
  say?: (first: number, last: number) => string;
}

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));

/** The brush after a key: arrows move it, with Shift they move its end; undefined clears it, null is no key of ours. */
export function keyed(key: string, shift: boolean, brush: [number, number] | undefined, size: number) {
  if (key === "Escape") return brush ? undefined : null;
  const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[key];
  if (step === undefined) return null;
  if (!brush) {
    const quarter = Math.floor(size / 4);
    return [quarter, Math.max(quarter, size - 1 - quarter)] as [number, number];
  }
  const [first, last] = brush;
  if (shift) return [first, clamp(last + step, first, size - 1)] as [number, number];
  const move = clamp(step, -first, size - 1 - last);
  return [first + move, last + move] as [number, number];
}

export function BinChart(props: Props) {
  const { kind, label, bins, domain, height, stage, skin, brush, onBrush, say } = props;
  const box = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLDivElement>(null);
  const view = useRef<View | null>(null);
  const latest = useRef(bins);
  const drag = useRef<{
    mode: "new" | "move" | "first" | "last";
    at: number;
    from: [number, number];
    had: boolean;
  } | null>(null);
  latest.current = bins;
  const size = bins.length;

  useEffect(() => {
    const gone = new AbortController();
    const element = box.current!;
    let width = 0;
    const start = async () => {
      width = element.clientWidth;
      if (!width) return;
      const inner = { width: Math.max(60, width - PADDING.left - PADDING.right), height };
      element.replaceChildren();
      view.current = await draw(
        binned(kind, latest.current, domain, inner, palette(stage.root)),
        element,
        stage.root,
        palette(stage.root),
        gone.signal,
      );
    };
    let started = start();
    const sizes = new ResizeObserver(() => {
      if (!element.clientWidth || element.clientWidth === width) return;
      width = element.clientWidth;
      started = started.then(() => {
        if (gone.signal.aborted) return undefined;
        if (!view.current) return start();
        view.current.width(Math.max(60, width - PADDING.left - PADDING.right));
        return view.current.runAsync().then(() => undefined);
      });
    });
    sizes.observe(element);
    gone.signal.addEventListener("abort", () => {
      sizes.disconnect();
      view.current = null;
    });
    return () => gone.abort();
  }, [kind, skin, stage, height, domain[0], domain[1], size]);

  useLayoutEffect(() => {
    view.current?.data("bins", bins.slice()).run();
  }, [bins]);

  const binAt = (event: PointerEvent) => {
    const { left, width } = area.current!.getBoundingClientRect();
    return clamp(Math.floor(((event.clientX - left) / width) * size), 0, size - 1);
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
    if (!held || !onBrush) return;
    const at = binAt(event);
    const [first, last] = held.from;
    if (held.mode === "new" && at === held.at) return;
    if (held.mode === "new") onBrush([Math.min(held.at, at), Math.max(held.at, at)]);
    else if (held.mode === "move") {
      const by = clamp(at - held.at, -first, size - 1 - last);
      onBrush([first + by, last + by]);
    } else {
      const other = held.mode === "first" ? last : first;
      onBrush([Math.min(other, at), Math.max(other, at)]);
    }
  };
  const up = (event: PointerEvent) => {
    const held = drag.current;
    drag.current = null;
    // A click without a drag chooses one bin, or takes a brush away.
    if (held?.mode === "new" && binAt(event) === held.at) onBrush?.(held.had ? undefined : [held.at, held.at]);
  };
  const key = (event: KeyboardEvent) => {
    const next = keyed(event.key, event.shiftKey, brush, size);
    if (next === null || !onBrush) return;
    event.preventDefault();
    event.stopPropagation();
    onBrush(next);
  };
  const place = brush && { left: `${(brush[0] / size) * 100}%`, width: `${((brush[1] + 1 - brush[0]) / size) * 100}%` };
  const inset = {
    left: `${PADDING.left}px`,
    right: `${PADDING.right}px`,
    top: `${PADDING.top}px`,
    height: `${height}px`,
  };
  return (
    <div class="binchart" data-ls-chart={kind} style={{ height: `${height + PADDING.top + PADDING.bottom}px` }}>
      <div ref={box} class="plot" {...(onBrush ? { "aria-hidden": true } : { role: "img", "aria-label": label })} />
      {onBrush && (
        <div
          ref={area}
          class="area"
          style={inset}
          role="slider"
          tabIndex={0}
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={size - 1}
          aria-valuenow={brush?.[0] ?? 0}
          aria-valuetext={brush ? say?.(...brush) : "all"}
          onPointerDown={down}
          onPointerMove={move}
          onPointerUp={up}
          onPointerCancel={up}
          onKeyDown={key}
        >
          {place && (
            <div class="band" style={place} data-role="move" title={say?.(...brush)}>
              <i data-role="first" />
              <i data-role="last" />
            </div>
          )}
        </div>
      )}
    </div>
  );
}
