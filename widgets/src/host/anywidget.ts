/** Runs a widget's front-end module (AFM) as anywidget does in a notebook: `initialize` once, `render` for each view. */
import type { Bundle } from "../afm";
import { module } from "./blobs";
import type { StoredModel } from "./model";
import { type Models, reference } from "./models";

type Cleanup = () => void;
type AnyFunction = (props: Record<string, unknown>) => unknown;
interface Definition {
  initialize?: AnyFunction;
  render?: AnyFunction;
}

interface Started {
  definition: Definition;
  exports: unknown;
}

const experimental = {
  invoke: () => Promise.reject(new Error("A report has no kernel to ask.")),
};

export class AnyWidgets {
  readonly #started = new Map<StoredModel, Promise<Started>>();
  readonly #styled = new Set<string>();

  /** `bundle` is the blob of llmscope's own widgets, null where the report shows none of them. */
  constructor(
    private readonly models: Models,
    private readonly bundle: string | null,
  ) {}

  /** Draws the model into `el`; the promise resolves to what takes it away again. */
  async render(model: StoredModel, el: HTMLElement): Promise<Cleanup> {
    this.#style(model);
    const { definition } = await this.#start(model);
    const gone = new AbortController();
    const cleanup = await definition.render?.({
      model,
      el,
      signal: gone.signal,
      experimental,
      host: this.#host(gone.signal),
    });
    return () => {
      gone.abort();
      if (typeof cleanup === "function") cleanup();
    };
  }

  #start(model: StoredModel): Promise<Started> {
    const known = this.#started.get(model);
    if (known) return known;
    const starting = (async () => {
      const definition = await this.#definition(model);
      const result = await definition.initialize?.({ model, signal: new AbortController().signal, experimental });
      return { definition, exports: typeof result === "function" ? undefined : result };
    })();
    this.#started.set(model, starting);
    return starting;
  }

  async #definition(model: StoredModel): Promise<Definition> {
    if (this.bundle && model.own) {
      const own = ((await module(this.bundle)) as Bundle).widgets[model.get<string>("_view")];
      if (own) return own as unknown as Definition;
    }
    const source = model.get<string | undefined>("_esm");
    if (!source) throw new Error("its code is not in the report");
    const exported = (await module(source)) as Definition & { default?: Definition | (() => Promise<Definition>) };
    if (exported.render) return { render: exported.render };
    if (!exported.default) throw new Error("its module exports neither a widget nor a function that makes one");
    return typeof exported.default === "function" ? exported.default() : exported.default;
  }

  #style(model: StoredModel): void {
    const css = model.get<string | undefined>("_css");
    const id = model.get<string | undefined>("_anywidget_id") ?? model.id;
    if (!css || this.#styled.has(id)) return;
    this.#styled.add(id);
    document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  }

  #host(signal: AbortSignal) {
    const find = (ref: string) => this.models.get(reference(ref) ?? ref);
    return {
      getModel: find,
      getWidget: async (ref: string) => {
        const model = await find(ref);
        const { exports } = await this.#start(model);
        const render = async ({ el, signal: own }: { el: HTMLElement; signal?: AbortSignal }) => {
          const remove = await this.render(model, el);
          (own ?? signal).addEventListener("abort", remove);
        };
        return { exports, render };
      },
    };
  }
}
