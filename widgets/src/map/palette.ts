/** Colours of the codes: Okabe and Ito's for values, a single ramp for steps; both read on light and on dark. */
import type { Colouring, Topic } from "./points";

type Rgb = [number, number, number];

export const VALUES = ["#3b82c4", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#a6761d", "#8f7ee7"];
const FAILED = "#d55e00";
const OTHER = "#8b919b";
const RAMP: Rgb[] = [
  [94, 84, 178],
  [46, 111, 142],
  [31, 158, 137],
  [110, 206, 88],
  [236, 200, 40],
];

export const rgb = (hex: string): Rgb => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as Rgb;
const hex = (color: Rgb) => `#${color.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

function ramp(share: number): string {
  const at = share * (RAMP.length - 1);
  const low = Math.min(RAMP.length - 2, Math.floor(at));
  const part = at - low;
  return hex(RAMP[low]!.map((value, i) => value + (RAMP[low + 1]![i]! - value) * part) as Rgb);
}

/** Gives each topic the colour whose nearest use is farthest away. */
export function apart(topics: Topic[]): string[] {
  const given: number[] = [];
  topics.forEach((topic, i) => {
    const away = VALUES.map(() => Number.POSITIVE_INFINITY);
    for (let other = 0; other < i; other++) {
      const distance = (topics[other]!.x - topic.x) ** 2 + (topics[other]!.y - topic.y) ** 2;
      away[given[other]!] = Math.min(away[given[other]!]!, distance);
    }
    given.push(away.indexOf(Math.max(...away)));
  });
  return given.map((color) => VALUES[color]!);
}

/** The colour of each code of a colouring. */
export function colours({ key, kind, labels, others }: Colouring, topics: Topic[]): string[] {
  if (key === "topic") return [...apart(topics), OTHER].slice(0, labels.length);
  const steps = labels.filter((label) => label !== null).length;
  return labels.map((label, code) => {
    if (label === null || (others && label === "(other)")) return OTHER;
    if (kind === "steps") return ramp(steps > 1 ? code / (steps - 1) : 0.5);
    if (key === "status") return label === "error" ? FAILED : label === "unset" ? OTHER : VALUES[0]!;
    return VALUES[code % VALUES.length]!;
  });
}
