/** The plane: points, ground and names; drag to lasso or to move, wheel or keys to zoom. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { balanced } from "../direction";
import type { Stage } from "../shell";
import { type Camera, panned, type Size, toMap, toScreen, whole, zoomed } from "./camera";
import { hills, outlines, path } from "./contour";
import { CELLS, ground } from "./density";
import { type Drawer, drawer } from "./draw";
import { type Named, place, short } from "./labels";
import { Nearest } from "./nearest";
import { VALUES } from "./palette";
import { type Corner, type Points, SPAN, simplified, type Topic } from "./points";

export type Mode = "lasso" | "move";

interface Props {
  points: Points;
  topics: Topic[];
  /** Topics that are named before all others. */
  pointed: number[];
  /** Codes of the colouring, and their colours. */
  codes: Uint8Array;
  inks: string[];
  /** Codes that tell two windows apart, where the ground shows what each has more of. */
  windows: Uint8Array | null;
  /** Codes of regions, which are outlined and named. */
  regions: Uint8Array | null;
  regionNames: (string | null)[];
  chosen: Uint8Array | null;
  lasso: Corner[];
  mode: Mode;
  label: string;
  stage: Stage;
  skin: number;
  onLasso: (corners: Corner[]) => void;
  onHover: (point: number, x: number, y: number) => void;
  onPick: (point: number) => void;
  onMode: (mode: Mode) => void;
}

/** Points drawn while the map moves; all of them when it rests. */
const MOVING = 100_000;
const REST_MS = 140;
const CHOSEN_MS = 500;
const REACH = 14;
const CORNERS_PX = 1.5;

/** How much paler points are where the ground is what to look at. */
const PALE = 0.5;

/** Times the map has to be enlarged until its topics have their whole names. */
const CLOSE = 1.8;

export function Plot(props: Props) {
  const { points, topics, pointed, codes, inks, windows, regions, regionNames } = props;
  const { chosen, lasso, mode, stage, skin } = props;
  const box = useRef<HTMLDivElement>(null);
  const under = useRef<HTMLCanvasElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const gl = useRef<Drawer | null>(null);
  const camera = useRef<Camera | null>(null);
  const size = useRef<Size>({ width: 0, height: 0 });
  const drawing = useRef<Corner[] | null>(null);
  const held = useRef<{ x: number; y: number; moved: boolean } | null>(null);
  const frame = useRef(0);
  const rest = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const [shown, setShown] = useState(0);
  const nearest = useRef<Nearest | null>(null);

  const image = useMemo(() => {
    const made = document.createElement("canvas");
    made.width = made.height = CELLS;
    const data = ground(points, windows, VALUES[0]!, VALUES[1]!);
    made.getContext("2d")?.putImageData(data, 0, 0);
    return made;
  }, [points, windows]);
  const bounds = useMemo(() => extent(points), [points]);
  const lines = useMemo(() => hills(points).map(path), [points]);
  const found = useMemo(
    () => (regions ? outlines(points, regions, regionNames).map((one) => ({ ...one, path: path(one.pieces) })) : []),
    [points, regions, regionNames],
  );

  const paint = (moving: boolean, ms = REST_MS) => {
    cancelAnimationFrame(frame.current);
    clearTimeout(rest.current);
    frame.current = requestAnimationFrame(() => {
      if (!gl.current || !camera.current || !size.current.width) return;
      const pale = latest.current.windows ? PALE : 1;
      gl.current.draw(camera.current, size.current, pale, moving ? Math.min(MOVING, points.count) : points.count);
      decorate();
      stage.root.dataset.drawn = String(moving ? Math.min(MOVING, points.count) : points.count);
      if (moving && points.count > MOVING) rest.current = setTimeout(() => paint(false), ms);
    });
  };

  const cleared = (element: HTMLCanvasElement | null) => {
    const context = element?.getContext("2d");
    if (!context) return null;
    const { width, height } = size.current;
    const ratio = element!.width / width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  };

  /** Draws what lies under and over the points: the ground, the lasso, and the names of topics. */
  const decorate = () => {
    const [below, context] = [cleared(under.current), cleared(over.current)];
    if (!below || !context || !camera.current) return;
    const dark = stage.root.dataset.theme === "dark";
    const [left, top] = toScreen(camera.current, size.current, 0, SPAN);
    const side = SPAN * camera.current.scale;
    below.imageSmoothingQuality = "high";
    below.drawImage(image, left, top, side, side);
    const corners = drawing.current ?? latest.current.lasso;
    if (corners.length > 1) {
      const path = new Path2D();
      corners.forEach(([x, y], i) => {
        const [px, py] = toScreen(camera.current!, size.current, x, y);
        if (i) path.lineTo(px, py);
        else path.moveTo(px, py);
      });
      path.closePath();
      context.strokeStyle = dark ? "#e6e8eb" : "#1f2328";
      context.lineWidth = 1.5;
      context.setLineDash([5, 3]);
      context.stroke(path);
      context.setLineDash([]);
    }
    if (!latest.current.windows) stroke(context, lines, dark ? "rgb(230 232 235 / 42%)" : "rgb(31 35 40 / 36%)", 1);
    const around = found.map((one) => one.path);
    stroke(context, around, dark ? "rgb(22 24 28 / 80%)" : "rgb(255 255 255 / 85%)", 4);
    stroke(context, around, dark ? "#e6e8eb" : "#1f2328", 1.6);
    stage.root.dataset.outlines = String(found.length);
    names(context, dark);
  };

  /** Strokes paths that are in map units, with a line as wide as it should be on the screen. */
  const stroke = (context: CanvasRenderingContext2D, paths: Path2D[], ink: string, width: number) => {
    const { scale } = camera.current!;
    const [left, top] = toScreen(camera.current!, size.current, 0, 0);
    context.save();
    context.transform(scale, 0, 0, -scale, left, top);
    context.lineWidth = width / scale;
    context.lineCap = "round";
    context.strokeStyle = ink;
    for (const one of paths) context.stroke(one);
    context.restore();
  };

  const names = (context: CanvasRenderingContext2D, dark: boolean) => {
    context.font = `600 11.5px ${getComputedStyle(stage.root).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const near = camera.current!.scale > CLOSE * fitted(bounds, size.current).scale;
    const ahead = new Set(latest.current.pointed);
    const order = [...ahead, ...topics.keys()].filter((at, i) => i < ahead.size || !ahead.has(at));
    const named: (Named & { name: string })[] = [
      ...found.map((one) => ({ ...one, must: true, above: true })),
      ...order.flatMap((at) => {
        const topic = topics[at];
        if (!topic) return [];
        const must = ahead.has(at);
        return [{ x: topic.x, y: topic.y, must, name: must || near ? topic.name : short(topic.name) }];
      }),
    ];
    const told = named.map(({ name }) => balanced(name));
    const widths = told.map((name) => context.measureText(name).width);
    const placed = place(named, widths, camera.current!, size.current);
    context.lineJoin = "round";
    context.lineWidth = 3.5;
    context.strokeStyle = dark ? "rgb(22 24 28 / 85%)" : "rgb(255 255 255 / 88%)";
    const [ink, muted] = dark ? ["#e6e8eb", "#a3a9b3"] : ["#1f2328", "#5a616b"];
    for (const { at, x, y } of placed) {
      // Where regions are outlined their names are what to read.
      context.fillStyle = found.length && !named[at]!.must ? muted! : ink!;
      context.strokeText(told[at]!, x, y);
      context.fillText(told[at]!, x, y);
    }
    stage.root.dataset.labels = String(placed.length);
  };

  // The drawing surface is made when the map comes near the screen and given back when it leaves: a browser keeps
  // about sixteen of them for all pages.
  useEffect(() => {
    const near = new IntersectionObserver(
      ([entry]) => setShown((now) => (entry!.isIntersecting ? now || Date.now() : 0)),
      {
        rootMargin: "400px",
      },
    );
    near.observe(box.current!);
    return () => near.disconnect();
  }, []);

  useEffect(() => {
    if (!shown || !canvas.current) return;
    const element = canvas.current;
    gl.current = drawer(element, points);
    gl.current.colour(latest.current.codes, latest.current.inks);
    gl.current.choose(latest.current.chosen);
    const sizes = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = box.current!;
      if (!width || !height) return;
      const ratio = Math.min(2, devicePixelRatio || 1);
      for (const one of [under.current!, element, over.current!]) {
        one.width = Math.round(width * ratio);
        one.height = Math.round(height * ratio);
      }
      const before = size.current;
      size.current = { width, height };
      const factor = before.width ? whole(size.current).scale / whole(before).scale : 1;
      camera.current = camera.current
        ? { ...camera.current, scale: camera.current.scale * factor }
        : fitted(bounds, size.current);
      paint(false);
    });
    sizes.observe(box.current!);
    const lost = () => setShown(Date.now());
    element.addEventListener("webglcontextlost", lost);
    return () => {
      element.removeEventListener("webglcontextlost", lost);
      sizes.disconnect();
      cancelAnimationFrame(frame.current);
      clearTimeout(rest.current);
      gl.current?.end();
      gl.current = null;
    };
  }, [shown, points]);

  useEffect(() => {
    gl.current?.colour(codes, inks);
    paint(false);
  }, [codes, inks, image, skin]);
  useEffect(() => {
    if (!gl.current) return;
    gl.current.choose(chosen);
    // Some of the points at once, all of them when whoever counts the selection has had its turn.
    paint(true, CHOSEN_MS);
  }, [chosen]);
  useEffect(() => {
    decorate();
  }, [lasso, pointed, found]);

  const at = (event: { clientX: number; clientY: number }): [number, number] => {
    const { left, top } = box.current!.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const look = (next: Camera) => {
    camera.current = next;
    paint(true);
  };
  const corner = (px: number, py: number): Corner => {
    const [x, y] = toMap(camera.current!, size.current, px, py);
    return [Math.round(x), Math.round(y)];
  };
  const find = (px: number, py: number) => {
    nearest.current ??= new Nearest(points);
    const [x, y] = toMap(camera.current!, size.current, px, py);
    return nearest.current.find(x, y, REACH / camera.current!.scale, chosen);
  };

  const down = (event: PointerEvent) => {
    if (event.button !== 0 || !camera.current) return;
    const [x, y] = at(event);
    held.current = { x, y, moved: false };
    box.current!.setPointerCapture(event.pointerId);
    box.current!.focus({ preventScroll: true });
    event.preventDefault();
  };
  const move = (event: PointerEvent) => {
    if (!camera.current) return;
    const [x, y] = at(event);
    const from = held.current;
    if (!from) return props.onHover(find(x, y), event.clientX, event.clientY);
    if (!from.moved && Math.hypot(x - from.x, y - from.y) < 4) return;
    props.onHover(-1, 0, 0);
    if ((mode === "lasso") !== event.altKey) {
      drawing.current ??= [corner(from.x, from.y)];
      drawing.current.push(corner(x, y));
      decorate();
    } else {
      look(panned(camera.current, x - from.x, y - from.y));
      Object.assign(from, { x, y });
    }
    from.moved = true;
  };
  const up = (event: PointerEvent) => {
    const from = held.current;
    held.current = null;
    if (!from || !camera.current) return;
    if (drawing.current) {
      const corners = simplified(drawing.current, CORNERS_PX / camera.current.scale);
      drawing.current = null;
      props.onLasso(corners.length > 2 ? corners : []);
    } else if (!from.moved) props.onPick(find(...at(event)));
  };
  const wheel = (event: WheelEvent) => {
    // The page keeps its wheel until the reader has turned to the map.
    const turned = (box.current!.getRootNode() as ShadowRoot).activeElement === box.current;
    if (!camera.current || !(turned || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    look(zoomed(camera.current, size.current, 2 ** (-event.deltaY / 300), ...at(event)));
  };
  const key = (event: KeyboardEvent) => {
    if (!camera.current || event.ctrlKey || event.metaKey) return;
    const steps: Record<string, () => Camera> = {
      ArrowLeft: () => panned(camera.current!, 60, 0),
      ArrowRight: () => panned(camera.current!, -60, 0),
      ArrowUp: () => panned(camera.current!, 0, 60),
      ArrowDown: () => panned(camera.current!, 0, -60),
      "+": () => zoomed(camera.current!, size.current, 1.5),
      "=": () => zoomed(camera.current!, size.current, 1.5),
      "-": () => zoomed(camera.current!, size.current, 1 / 1.5),
      "0": () => fitted(bounds, size.current),
    };
    const step = steps[event.key];
    if (step) look(step());
    else if (event.key === "l" || event.key === "m") props.onMode(event.key === "l" ? "lasso" : "move");
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    const element = box.current!;
    const zoom = (event: Event) => {
      const factor = (event as CustomEvent<number>).detail;
      if (camera.current) look(factor ? zoomed(camera.current, size.current, factor) : fitted(bounds, size.current));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    stage.root.addEventListener("ls-zoom", zoom);
    return () => {
      element.removeEventListener("wheel", wheel);
      stage.root.removeEventListener("ls-zoom", zoom);
    };
  });

  return (
    <div
      ref={box}
      class={`plane ${mode}`}
      role="application"
      aria-label={props.label}
      aria-roledescription="map"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes the keyboard
      tabIndex={0}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={up}
      onPointerLeave={() => props.onHover(-1, 0, 0)}
      onKeyDown={key}
    >
      <canvas ref={under} />
      <canvas ref={canvas} key={shown} />
      <canvas ref={over} class="over" />
    </div>
  );
}

/** The smallest and the largest x and y. */
function extent(points: Points): [number, number, number, number] {
  let [left, right, low, high] = points.count ? [SPAN, 0, SPAN, 0] : [0, SPAN, 0, SPAN];
  for (let i = 0; i < points.count; i++) {
    const [x, y] = [points.x[i]!, points.y[i]!];
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < low) low = y;
    if (y > high) high = y;
  }
  return [left, right, low, high];
}

/** The camera that sees all points, as large as they fit. */
function fitted([left, right, low, high]: [number, number, number, number], size: Size): Camera {
  const scale = Math.min(size.width / Math.max(right - left, SPAN / 8), size.height / Math.max(high - low, SPAN / 8));
  return { x: (left + right) / 2, y: (low + high) / 2, scale: scale * 0.9 };
}
