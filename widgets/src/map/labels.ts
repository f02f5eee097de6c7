/** Names of topics where there is room for them: the largest first, none on another. */
import { type Camera, type Size, toScreen } from "./camera";
import type { Topic } from "./points";

export interface Label {
  topic: number;
  x: number;
  y: number;
}

const HEIGHT = 17;

/** Places labels whose names are `widths` pixels wide; a label that does not fit is left out, not moved far. */
export function place(topics: Topic[], widths: number[], camera: Camera, size: Size): Label[] {
  const taken: [number, number, number][] = [];
  const labels: Label[] = [];
  topics.forEach((topic, i) => {
    const [sx, sy] = toScreen(camera, size, topic.x, topic.y);
    if (sx < 0 || sy < 0 || sx > size.width || sy > size.height) return;
    const half = widths[i]! / 2 + 5;
    if (2 * half > size.width) return;
    const x = Math.min(Math.max(sx, half), size.width - half);
    for (const dy of [0, -HEIGHT, HEIGHT]) {
      const y = Math.min(Math.max(sy + dy, HEIGHT / 2), size.height - HEIGHT / 2);
      if (taken.every(([ox, oy, other]) => Math.abs(x - ox) >= half + other || Math.abs(y - oy) >= HEIGHT)) {
        taken.push([x, y, half]);
        labels.push({ topic: i, x, y });
        return;
      }
    }
  });
  return labels;
}
