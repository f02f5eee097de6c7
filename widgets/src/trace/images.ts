/** Images in messages: shown only when the message holds them, never fetched. */
type Bag = Record<string, unknown>;

// No SVG: it can carry what other images cannot.
const EMBEDDED = /^data:image\/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=\s]+$/i;
const KIND = /^image\/(?:png|jpe?g|gif|webp)$/i;

const isBag = (value: unknown): value is Bag => typeof value === "object" && value !== null;

/** The `data:` address of a part's image; null where the part has none, or only points to one. */
export function embedded(part: Bag): string | null {
  const source = isBag(part.source) ? part.source : part;
  const nested = isBag(part.image_url) ? part.image_url.url : part.image_url;
  for (const address of [nested, part.url, part.uri, part.image, source.data, part.content, part.data]) {
    if (typeof address === "string" && EMBEDDED.test(address)) return address;
  }
  const kind = source.media_type ?? source.mime_type ?? part.mime_type;
  const data = source.data ?? part.content ?? part.data;
  if (typeof kind !== "string" || !KIND.test(kind) || typeof data !== "string") return null;
  const address = `data:${kind.toLowerCase()};base64,${data}`;
  return EMBEDDED.test(address) ? address : null;
}

/** The address that a part points to; shown as text. */
export function pointed(part: Bag): string | null {
  const nested = isBag(part.image_url) ? part.image_url.url : part.image_url;
  const found = [nested, part.uri, part.url].find((address) => typeof address === "string");
  return (found as string | undefined) ?? null;
}
