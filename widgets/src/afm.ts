/** The part of the anywidget front-end module (AFM) that our widgets use; a notebook and a report both provide it. */
export interface Model {
  get<T = unknown>(name: string): T;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[] | ArrayBufferView[]): void;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event?: string | null, callback?: ((...args: never[]) => void) | null): void;
}

export interface RenderProps {
  model: Model;
  el: HTMLElement;
  /** Aborted when the view goes away. */
  signal?: AbortSignal;
}

export interface Widget {
  initialize?(props: { model: Model; signal?: AbortSignal }): unknown;
  render(props: RenderProps): unknown;
}

/** What the bundle exports. */
export interface Bundle {
  widgets: Record<string, Widget>;
}
