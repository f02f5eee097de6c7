/** The part of a trace's time that the waterfall shows. */
export interface View {
  /** ms since the trace's start. */
  from: number;
  to: number;
}

/** The least of a trace's time that can be seen at once: a millionth of it, as far as numbers are exact. */
const CLOSEST = 1e-6;

export const whole = (length: number): View => ({ from: 0, to: length || 1 });

export const isWhole = (view: View, length: number) => view.from <= 0 && view.to >= (length || 1);

/** The view within the trace, neither empty nor turned around. */
export function kept(view: View, length: number): View {
  const total = length || 1;
  let wide = Math.min(total, Math.max(Math.abs(view.to - view.from), total * CLOSEST));
  const from = Math.min(Math.max(0, Math.min(view.from, view.to)), total - wide);
  wide = Math.min(wide, total - from);
  return { from, to: from + wide };
}

/** Closer by `factor` (less than 1) or farther, around `at`, a share of the view. */
export function zoomed(view: View, length: number, factor: number, at = 0.5): View {
  const wide = (view.to - view.from) * factor;
  const centre = view.from + (view.to - view.from) * at;
  return kept({ from: centre - wide * at, to: centre + wide * (1 - at) }, length);
}

/** Later by `share` of the view, or earlier. */
export function panned(view: View, length: number, share: number): View {
  const step = (view.to - view.from) * share;
  const from = Math.min(Math.max(0, view.from + step), (length || 1) - (view.to - view.from));
  return { from, to: from + (view.to - view.from) };
}

/** Round times to name along the view, at most five of them. */
export function ticks(length: number, from = 0): number[] {
  if (!(length > 0)) return [from];
  const rough = length / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor((from + length) / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}
