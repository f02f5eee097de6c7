/** The models of the page, made when first asked for from the state embedded in it. */
import { blob, text } from "./blobs";
import { StoredModel } from "./model";

type Path = (string | number)[];

/** One model as `llmscope.reports` writes it: large values are blobs, put back where `buffers` and `texts` say. */
interface Embedded {
  name: string;
  own: boolean;
  state: Record<string, unknown>;
  buffers: [Path, string][];
  texts: [Path, string][];
}

function put(state: Record<string, unknown>, path: Path, value: unknown): void {
  let at: Record<string | number, unknown> = state;
  for (const step of path.slice(0, -1)) {
    at[step] ??= {};
    at = at[step] as Record<string | number, unknown>;
  }
  at[path[path.length - 1] as string | number] = value;
}

/** Jupyter writes a reference to another widget as a string with one of these prefixes. */
export const reference = (value: unknown): string | null =>
  (typeof value === "string" && /^(?:IPY_MODEL_|anywidget:)(.+)$/s.exec(value)?.[1]) || null;

export class Models {
  readonly #made = new Map<string, Promise<StoredModel>>();

  /** `index` is the blob of each model by its id. */
  constructor(private readonly index: Record<string, string>) {}

  get(id: string): Promise<StoredModel> {
    const known = this.#made.get(id);
    if (known) return known;
    const making = this.#make(id);
    this.#made.set(id, making);
    return making;
  }

  async #make(id: string): Promise<StoredModel> {
    const hash = Object.hasOwn(this.index, id) ? this.index[id] : undefined;
    if (!hash) throw new Error(`The report holds no widget ${id}.`);
    const { name, own, state, buffers, texts } = JSON.parse(await text(hash)) as Embedded;
    await Promise.all([
      ...buffers.map(async ([path, data]) => put(state, path, new DataView((await blob(data)).buffer))),
      // A module stays a hash: it is imported, not read.
      ...texts.map(async ([path, data]) => path[0] !== "_esm" && put(state, path, await text(data))),
    ]);
    const source = texts.find(([path]) => path[0] === "_esm");
    if (source) state._esm = source[1];
    return new StoredModel(id, name, state, own, { get_model: (other) => this.get(reference(other) ?? other) });
  }
}
