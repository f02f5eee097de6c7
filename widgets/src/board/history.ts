/** Undo and redo of a brush: each rest of it is one step. */
import type { Brush } from "./filter";

export interface History {
  past: Brush[];
  /** The brush at its last rest. */
  kept: Brush;
  /** The brush now, perhaps on the move. */
  now: Brush;
  future: Brush[];
}

const STEPS = 100;

export const begun = (brush: Brush): History => ({ past: [], kept: brush, now: brush, future: [] });

export const same = (a: Brush, b: Brush) => written(a) === written(b);

/** A brush as text, the same for the same brush whatever was brushed first. */
export const written = (brush: Brush) =>
  JSON.stringify(
    Object.keys(brush)
      .filter((key) => brush[key]?.length)
      .sort()
      .map((key) => [key, brush[key]]),
  );

export const moved = (history: History, now: Brush): History => ({ ...history, now });

export function rested(history: History): History {
  const { past, kept, now } = history;
  if (same(kept, now)) return history;
  return { past: [...past, kept].slice(-STEPS), kept: now, now, future: [] };
}

export function undone(history: History): History {
  const { past, kept, future } = rested(history);
  const last = past.at(-1);
  if (!last) return history;
  return { past: past.slice(0, -1), kept: last, now: last, future: [kept, ...future] };
}

export function redone(history: History): History {
  const { past, kept, future } = rested(history);
  const next = future[0];
  if (!next) return history;
  return { past: [...past, kept], kept: next, now: next, future: future.slice(1) };
}
