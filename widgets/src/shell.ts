/** The frame around every widget: an open shadow root with our styles, the theme, and a Preact tree. */
import { type ComponentChild, render } from "preact";
import type { RenderProps } from "./afm";
import "./direction";
import { apply, watch } from "./theme";
import theme from "./theme.css";

export interface Stage {
  root: HTMLElement;
  /** Aborted when the widget goes away. */
  signal: AbortSignal;
}

/**
 * Shows `view` in a shadow root marked `data-ls=name`. Every change of theme draws it again with a new `skin`
 * number, which a chart takes as its reason to start over.
 */
export function mount(
  { el, signal }: RenderProps,
  name: string,
  css: string,
  view: (stage: Stage, skin: number) => ComponentChild,
): () => void {
  const gone = new AbortController();
  signal?.addEventListener("abort", () => gone.abort());
  const host = document.createElement("div");
  const shadow = host.attachShadow({ mode: "open" });
  const style = document.createElement("style");
  style.textContent = theme + css;
  const root = document.createElement("div");
  root.className = "ls";
  root.dataset.ls = name;
  shadow.append(style, root);
  el.append(host);

  let skin = 0;
  const draw = () => render(view({ root, signal: gone.signal }, skin), root);
  const refresh = () => {
    if (!apply(root)) return;
    skin += 1;
    draw();
  };
  apply(root);
  draw();
  watch(refresh, gone.signal);
  // Before the element is in the page it has no background of the page's own.
  requestAnimationFrame(refresh);
  // Keys pressed here are ours; a notebook would take them for its own shortcuts.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  gone.signal.addEventListener("abort", () => {
    render(null, root);
    host.remove();
  });
  return () => gone.abort();
}
