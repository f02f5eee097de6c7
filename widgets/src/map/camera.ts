/** Which part of the map is seen: the point in the middle, and pixels per unit. Up is larger y. */
import { SPAN } from "./points";

export interface Size {
  width: number;
  height: number;
}

export interface Camera {
  x: number;
  y: number;
  scale: number;
}

const CLOSEST = 40;

/** The camera that sees everything. */
export const whole = ({ width, height }: Size): Camera => ({
  x: SPAN / 2,
  y: SPAN / 2,
  scale: Math.max(1, Math.min(width, height)) / SPAN,
});

export const toScreen = (camera: Camera, { width, height }: Size, x: number, y: number): [number, number] => [
  (x - camera.x) * camera.scale + width / 2,
  height / 2 - (y - camera.y) * camera.scale,
];

export const toMap = (camera: Camera, { width, height }: Size, px: number, py: number): [number, number] => [
  (px - width / 2) / camera.scale + camera.x,
  (height / 2 - py) / camera.scale + camera.y,
];

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** Moves by pixels; the middle stays on the map. */
export const panned = (camera: Camera, dx: number, dy: number): Camera => ({
  ...camera,
  x: clamp(camera.x - dx / camera.scale, 0, SPAN),
  y: clamp(camera.y + dy / camera.scale, 0, SPAN),
});

/** Zooms by a factor about a place on the screen, which stays where it is. */
export function zoomed(camera: Camera, size: Size, factor: number, px = size.width / 2, py = size.height / 2): Camera {
  const least = whole(size).scale;
  const scale = clamp(camera.scale * factor, least, least * CLOSEST);
  const [x, y] = toMap(camera, size, px, py);
  const back = toMap({ ...camera, scale }, size, px, py);
  const moved = { x: clamp(camera.x + x - back[0], 0, SPAN), y: clamp(camera.y + y - back[1], 0, SPAN), scale };
  return scale === least ? whole(size) : moved;
}
