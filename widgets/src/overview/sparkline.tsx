/** The course of a figure over time, as a line of one colour without axes; gaps where it is unknown. */

/** An SVG path through the known values, in a box of `width` by `height`, from 0 to the highest value. */
export function path(values: (number | null)[], width: number, height: number): string {
  const most = Math.max(...values.map((value) => value ?? 0));
  if (values.length < 2 || !(most > 0)) return "";
  const step = width / (values.length - 1);
  let pen = "M";
  return values
    .map((value, i) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const point = `${pen}${(i * step).toFixed(1)} ${(height - (value / most) * height).toFixed(1)}`;
      // A value between two gaps would be a point without a line.
      const alone = pen === "M" && values[i + 1] === null ? "h0.1" : "";
      pen = "L";
      return point + alone;
    })
    .join("");
}

export function Sparkline({ values, failing }: { values: (number | null)[]; failing: boolean }) {
  return (
    <svg
      class={failing ? "spark failing" : "spark"}
      viewBox="0 0 100 20"
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <path d={path(values, 100, 20)} />
    </svg>
  );
}
