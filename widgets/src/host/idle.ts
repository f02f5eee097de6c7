/** Draws what is far from the screen while the reader reads, so that scrolling, printing and searching find it there. */

/** A browser keeps about sixteen WebGL contexts and then takes the oldest away: the rest wait until they are near. */
const CONTEXTS = 8;

let contexts = 0;
const getContext = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, ...rest: unknown[]) {
  if (kind.startsWith("webgl")) contexts += 1;
  return getContext.call(this, kind, ...(rest as [])) as never;
} as typeof getContext;

const idle: (callback: () => void) => void =
  "requestIdleCallback" in globalThis
    ? (callback) => requestIdleCallback(callback, { timeout: 500 })
    : (callback) => setTimeout(callback, 60);

/** Shows the places one after another, each when the page has nothing else to do. */
export function whenIdle(places: HTMLElement[], show: (el: HTMLElement) => Promise<void>): void {
  const [next, ...rest] = places;
  if (!next || contexts >= CONTEXTS) return;
  idle(() => void show(next).then(() => whenIdle(rest, show)));
}
