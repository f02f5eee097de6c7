/** Bytes traits: a notebook hands over DataViews, a report may hand over arrays or buffers. */
export type Bytes = DataView | ArrayBuffer | Uint8Array | null | undefined;

/** A copy of the bytes that starts at an aligned address. */
export function buffer(bytes: Bytes): ArrayBuffer {
  if (!bytes) return new ArrayBuffer(0);
  if (bytes instanceof ArrayBuffer) return bytes;
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

/** The JSON document in a Bytes trait. */
export function json<T>(bytes: Bytes, empty: T): T {
  const data = buffer(bytes);
  return data.byteLength ? (JSON.parse(new TextDecoder().decode(data)) as T) : empty;
}
