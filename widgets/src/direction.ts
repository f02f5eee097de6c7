/** Texts of the logs turn the direction of writing for themselves at most, and for nothing beside them. */
import { type ComponentChild, options } from "preact";

// What closes a character that begins an embedding, an override or an isolate.
const EMBEDDING = "\u202c";
const ISOLATE = "\u2069";
const OPENS = new Map([
  ...["\u202a", "\u202b", "\u202d", "\u202e"].map((char) => [char, EMBEDDING] as const),
  ...["\u2066", "\u2067", "\u2068"].map((char) => [char, ISOLATE] as const),
]);
const TURNS = /[\u202a-\u202e\u2066-\u2069]/;

/**
 * The text with everything closed that it opens, and nothing closed that it did not: what is left open would take in
 * what follows, and what is closed too often would end the isolate of the element around it.
 */
export function balanced(text: string): string {
  if (!TURNS.test(text)) return text;
  const open: string[] = [];
  let kept = "";
  for (const char of text) {
    const closedBy = OPENS.get(char);
    if (closedBy) open.push(closedBy);
    else if (char === EMBEDDING && open.at(-1) !== EMBEDDING) continue;
    else if (char === EMBEDDING) open.pop();
    else if (char === ISOLATE) {
      const from = open.lastIndexOf(ISOLATE);
      if (from < 0) continue;
      open.length = from; // with the embeddings inside
    }
    kept += char;
  }
  return kept + open.reverse().join("");
}

const told = (child: ComponentChild) => (typeof child === "string" ? balanced(child) : child);

// Every text of every widget passes here, so that none can be forgotten.
const before = options.vnode;
options.vnode = (vnode) => {
  const props = vnode.props as { children?: ComponentChild | ComponentChild[] };
  const { children } = props;
  if (typeof children === "string") props.children = balanced(children);
  else if (Array.isArray(children)) props.children = children.map(told);
  before?.(vnode);
};
