/** A widget's state without a kernel: what JavaScript sets stays here, and other views of the model hear of it. */
import type { Model } from "../afm";

type Callback = (...args: unknown[]) => void;

export class StoredModel implements Model {
  readonly #state: Record<string, unknown>;
  readonly #callbacks = new Map<string, Set<Callback>>();

  constructor(
    /** The id other widgets refer to it by. */
    readonly id: string,
    /** Its class in `@jupyter-widgets/controls`, or "AnyModel". */
    readonly name: string,
    state: Record<string, unknown>,
    /** Whether it is one of llmscope's own widgets, which the shared bundle draws. */
    readonly own: boolean,
    /** What a widget asks for other models; the property's name is Jupyter's. */
    readonly widget_manager: { get_model(id: string): Promise<StoredModel> },
  ) {
    this.#state = state;
  }

  get<T = unknown>(name: string): T {
    return this.#state[name] as T;
  }

  set(name: string | Record<string, unknown>, value?: unknown): void {
    const changes = typeof name === "string" ? { [name]: value } : name;
    const changed = Object.entries(changes).filter(([key, now]) => !Object.is(this.#state[key], now));
    for (const [key, now] of changed) this.#state[key] = now;
    for (const [key, now] of changed) this.#emit(`change:${key}`, this, now, {});
    if (changed.length) this.#emit("change", this, {});
  }

  on(names: string, callback: (...args: never[]) => void): void {
    for (const name of names.split(/\s+/)) {
      const known = this.#callbacks.get(name) ?? new Set();
      this.#callbacks.set(name, known.add(callback as Callback));
    }
  }

  off(names?: string | null, callback?: ((...args: never[]) => void) | null): void {
    for (const name of names ? names.split(/\s+/) : [...this.#callbacks.keys()]) {
      if (callback) this.#callbacks.get(name)?.delete(callback as Callback);
      else this.#callbacks.delete(name);
    }
  }

  /** Nothing to save to: the state already is all there is. */
  save_changes(): void {}

  /** Nobody listens. Ours are told at once, so that they answer from what they hold; others may not expect an error. */
  send(_content: unknown, _callbacks?: unknown, _buffers?: unknown): void {
    if (this.own) throw new Error("A report has no kernel to ask.");
  }

  #emit(name: string, ...args: unknown[]): void {
    for (const callback of [...(this.#callbacks.get(name) ?? [])]) callback(...args);
  }
}
