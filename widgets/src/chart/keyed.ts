/** Brushing by keyboard. */
export type Range = [first: number, last: number];

export const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));

/** The brush after a key: arrows move it, with Shift they move its end; undefined clears it, null is no key of ours. */
export function keyed(key: string, shift: boolean, brush: Range | undefined, size: number): Range | undefined | null {
  if (key === "Escape") return brush ? undefined : null;
  const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -size, End: size }[key];
  if (step === undefined) return null;
  if (!brush) {
    const quarter = Math.floor(size / 4);
    return [quarter, Math.max(quarter, size - 1 - quarter)];
  }
  const [first, last] = brush;
  if (shift) return [first, clamp(last + step, first, size - 1)];
  const move = clamp(step, -first, size - 1 - last);
  return [first + move, last + move];
}
