/** Vega without eval and without a network: the only place that makes a Vega view. */
import * as vega from "vega";
import { expressionInterpreter } from "vega-interpreter";
import type { Palette } from "../theme";

export type Spec = vega.Spec & { config?: vega.Config };

/** The named styles in which Vega-Lite sets a font of its own. */
const STYLES = ["text", "guide-label", "guide-title", "group-title", "group-subtitle"];

/** The page's colours over whatever the chart brought along. */
export function config(colors: Palette): vega.Config {
  const text = { labelColor: colors.muted, titleColor: colors.muted, labelFont: colors.font, titleFont: colors.font };
  return {
    background: "transparent",
    title: { color: colors.fg, subtitleColor: colors.muted, font: colors.font, subtitleFont: colors.font },
    axis: { ...text, domainColor: colors.line, gridColor: colors.line, tickColor: colors.line },
    legend: { ...text, symbolStrokeColor: colors.muted },
    header: text,
    text: { font: colors.font, color: colors.fg, fill: colors.fg },
    group: { stroke: null },
    style: Object.fromEntries(STYLES.map((style) => [style, { font: colors.font }])),
  } as unknown as vega.Config;
}

const refuse = () => Promise.reject(new Error("llmscope shows no remote content"));
const closed = { load: refuse, sanitize: refuse, http: refuse, file: refuse, options: {} } as unknown as vega.Loader;

/** A box beside the pointer, filled with text only. */
function tooltip(root: HTMLElement, signal: AbortSignal): vega.TooltipHandler {
  const box = document.createElement("div");
  box.className = "tip";
  box.hidden = true;
  root.append(box);
  signal.addEventListener("abort", () => box.remove());
  return (_handler, event: MouseEvent, _item, value) => {
    box.hidden = value === null || value === undefined || value === "";
    if (box.hidden) return;
    const entries = typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : [["", value]];
    box.replaceChildren(
      ...entries.map(([key, text]) => {
        const line = document.createElement("div");
        const label = document.createElement("b");
        label.textContent = key;
        line.append(...(key ? [label] : []), String(text));
        return line;
      }),
    );
    const { offsetWidth, offsetHeight } = box;
    box.style.left = `${Math.max(4, Math.min(event.clientX + 12, innerWidth - offsetWidth - 8))}px`;
    box.style.top = `${event.clientY + 16 + offsetHeight > innerHeight ? event.clientY - offsetHeight - 10 : event.clientY + 16}px`;
  };
}

/** Draws a Vega spec into `box`; the view ends with `signal`. */
export async function draw(
  spec: Spec,
  box: HTMLElement,
  root: HTMLElement,
  colors: Palette,
  signal: AbortSignal,
): Promise<vega.View> {
  const merged = { ...spec, background: "transparent", config: vega.mergeConfig(spec.config ?? {}, config(colors)) };
  const runtime = vega.parse(merged as vega.Spec, undefined, { ast: true } as never);
  const view = new vega.View(runtime, {
    expr: expressionInterpreter,
    loader: closed,
    logLevel: vega.Error,
    renderer: "canvas",
    hover: true,
  } as vega.ViewOptions);
  view.tooltip(tooltip(root, signal));
  signal.addEventListener("abort", () => view.finalize());
  await view.initialize(box).runAsync();
  return view;
}
