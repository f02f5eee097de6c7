/** A drag along an element, as the two shares of its width between which it went. */
import { useRef, useState } from "preact/hooks";

type Shares = [from: number, to: number];

/** What an element needs to be dragged over, and the part that is being dragged; `done` is not called for a click. */
export function useDrag(done: (shares: Shares) => void) {
  const [part, setPart] = useState<Shares | null>(null);
  const start = useRef<number | null>(null);
  const share = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / (box.width || 1)));
  };
  const ordered = (a: number, b: number): Shares => [Math.min(a, b), Math.max(a, b)];
  return {
    part,
    on: {
      onPointerDown: (event: PointerEvent) => {
        if (event.button !== 0) return;
        (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
        start.current = share(event);
      },
      onPointerMove: (event: PointerEvent) => {
        if (start.current !== null) setPart(ordered(start.current, share(event)));
      },
      onPointerUp: (event: PointerEvent) => {
        const from = start.current;
        start.current = null;
        setPart(null);
        if (from === null) return;
        const shares = ordered(from, share(event));
        const width = (event.currentTarget as HTMLElement).getBoundingClientRect().width;
        if ((shares[1] - shares[0]) * width >= 4) done(shares);
      },
      onPointerCancel: () => {
        start.current = null;
        setPart(null);
      },
    },
  };
}
