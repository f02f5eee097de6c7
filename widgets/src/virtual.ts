/** Long lists: only the rows in sight are in the page. */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** A scrolling box of `count` rows, each `height` pixels high, of which `most` are in sight at once. */
export function useRows(count: number, height: number, most: number) {
  const box = useRef<HTMLDivElement>(null);
  const [, redraw] = useState(0);
  const list = useRef<Virtualizer<HTMLDivElement, HTMLDivElement> | null>(null);
  const options = {
    count,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 6,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw((n) => n + 1),
    initialRect: { width: 600, height: height * Math.min(count, most) },
  };
  list.current ??= new Virtualizer(options);
  list.current.setOptions({ ...list.current.options, ...options });
  useLayoutEffect(() => list.current!._didMount(), []);
  useLayoutEffect(() => list.current!._willUpdate());
  return { box, list: list.current };
}
