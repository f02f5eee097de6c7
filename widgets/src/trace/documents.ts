/** Documents that a retrieval or a reranking found, from wherever a span keeps them. */
import { parsed } from "./parsed";

export interface Found {
  id: string | null;
  score: number | null;
  content: string | null;
  metadata: unknown;
}

type Bag = Record<string, unknown>;

const isBag = (value: unknown): value is Bag => typeof value === "object" && value !== null && !Array.isArray(value);

/** `prefix.0.document.content` and its kind, as a list of bags; OpenInference writes lists this way. */
function unflattened(attributes: Bag, prefix: string): Bag[] {
  const found: Bag[] = [];
  for (const [key, value] of Object.entries(attributes)) {
    if (!key.startsWith(`${prefix}.`)) continue;
    const [place, ...rest] = key.slice(prefix.length + 1).split(".");
    if (!/^\d{1,5}$/.test(place!) || !rest.length) continue;
    const bag = found[Number(place)] ?? {};
    found[Number(place)] = bag;
    bag[rest.join(".").replace(/^document\./, "")] = value;
  }
  return found.filter(Boolean);
}

const text = (value: unknown): string | null =>
  typeof value === "string" ? value : value === undefined || value === null ? null : JSON.stringify(value);

function asFound(raw: unknown): Found | null {
  const item = parsed(raw);
  if (typeof item === "string") return { id: null, score: null, content: item, metadata: null };
  if (!isBag(item)) return null;
  const inner = isBag(item.document) ? { ...item, ...item.document } : item;
  const get = (...names: string[]) =>
    names.map((name) => inner[name] ?? inner[`document.${name}`]).find((value) => value !== undefined);
  const score = get("score", "relevance_score", "similarity");
  const content = get("content", "page_content", "text", "body");
  if (content === undefined && score === undefined && get("id") === undefined) return null;
  return {
    id: text(get("id", "document_id", "doc_id")),
    score: Number.isFinite(Number(score ?? Number.NaN)) ? Number(score) : null,
    content: text(content),
    metadata: parsed(get("metadata") ?? null),
  };
}

const LISTS = [
  "retrieval.documents",
  "reranker.output_documents",
  "gen_ai.retrieval.documents",
  "gen_ai.rerank.documents",
];

/** The documents of a span, in the order it gives them; none where it has none. */
export function documents(attributes: Bag | undefined): Found[] {
  if (!attributes) return [];
  for (const name of LISTS) {
    const nested = name.split(".").reduce<unknown>((at, part) => (isBag(at) ? at[part] : undefined), attributes);
    const whole = parsed(attributes[name] ?? nested);
    const items = Array.isArray(whole) ? whole : unflattened(attributes, name);
    const found = items.map(asFound).filter((item) => item !== null);
    if (found.length) return found;
  }
  return [];
}
