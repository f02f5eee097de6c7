/**
 * Every widget's `_esm`: fetches the one bundle from Python the first time a page needs it.
 *
 * The page keeps the bundle's promise under `Symbol.for("llmscope/<hash>")`, so a notebook never stores the bundle and
 * later widgets load at once. A report puts that promise there itself before it renders anything.
 */
import type { Bundle, Model, RenderProps } from "./afm";

declare const BUNDLE_HASH: string;

const KEY = Symbol.for(`llmscope/${BUNDLE_HASH}`);
const PATIENCE_MS = 8000;
const registry = globalThis as unknown as Record<symbol, Promise<Bundle> | undefined>;

function ask(model: Model): Promise<Bundle> {
  return new Promise((resolve, reject) => {
    const id = crypto.randomUUID?.() ?? String(Math.random());
    const answered = (message: { kind?: string; id?: string }, buffers: (DataView | ArrayBuffer)[]) => {
      if (message?.kind !== "bundle" || message.id !== id) return;
      model.off("msg:custom", answered as never);
      const url = URL.createObjectURL(new Blob([buffers[0] as BlobPart], { type: "text/javascript" }));
      import(/* @vite-ignore */ url).then(resolve, reject).finally(() => URL.revokeObjectURL(url));
    };
    model.on("msg:custom", answered as never);
    try {
      model.send({ kind: "bundle", id });
    } catch (error) {
      reject(error);
    }
  });
}

const pause = (ms: number) => new Promise<null>((resolve) => setTimeout(resolve, ms, null));

/** The bundle; where the widget that asked first gets no answer, this one asks for itself. */
async function load(model: Model): Promise<Bundle> {
  const shared = registry[KEY];
  const first = shared && (await Promise.race([shared.catch(() => null), pause(PATIENCE_MS / 2)]));
  if (first) return first;
  if (registry[KEY] === shared) registry[KEY] = ask(model);
  return registry[KEY]!;
}

function tell(el: HTMLElement, model: Model): void {
  const text = document.createElement("pre");
  text.style.cssText = "white-space:pre-wrap;font:12px/1.5 var(--jp-code-font-family,monospace)";
  text.textContent = `${model.get("summary") ?? ""}\n\nRun the cell to make it live.`;
  el.replaceChildren(text);
}

export default {
  async render({ model, el, signal }: RenderProps) {
    const loading = load(model);
    const early = await Promise.race([loading.catch(() => null), pause(PATIENCE_MS)]);
    if (!early) tell(el, model);
    const bundle = early ?? (await loading.catch(() => null));
    if (!bundle || signal?.aborted) return;
    if (!early) el.replaceChildren();
    return bundle.widgets[model.get<string>("_view")]!.render(signal ? { model, el, signal } : { model, el });
  },
};
