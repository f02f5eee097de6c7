/** Data embedded in the page: each distinct blob once, as base64 of gzip, in a script element that never runs. */

async function bytes(hash: string): Promise<Uint8Array<ArrayBuffer>> {
  const holder = document.querySelector(`script[data-blob="${CSS.escape(hash)}"]`);
  if (!holder) throw new Error(`The report holds no blob ${hash}.`);
  const text = atob((holder.textContent ?? "").trim());
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

const cache = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/** The decompressed bytes of a blob; several widgets that share one get the same memory. */
export function blob(hash: string): Promise<Uint8Array<ArrayBuffer>> {
  const known = cache.get(hash);
  if (known) return known;
  const loading = bytes(hash);
  cache.set(hash, loading);
  return loading;
}

/** A blob that is text. */
export const text = async (hash: string): Promise<string> => new TextDecoder().decode(await blob(hash));

const modules = new Map<string, Promise<unknown>>();

/** A blob that is a JavaScript module, imported once. */
export function module(hash: string): Promise<unknown> {
  const known = modules.get(hash);
  if (known) return known;
  const loading = blob(hash).then((source) => {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    return import(/* @vite-ignore */ url).finally(() => URL.revokeObjectURL(url));
  });
  modules.set(hash, loading);
  return loading;
}
