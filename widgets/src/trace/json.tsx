/** A JSON value as a tree that is built only where it is opened. */
import { useState } from "preact/hooks";
import { Long } from "./text";

const MANY = 100;

const isNode = (value: unknown): value is object => typeof value === "object" && value !== null;

function brief(value: object): string {
  const text = JSON.stringify(value);
  if (text.length <= 60) return text;
  return Array.isArray(value) ? `[${value.length} items]` : `{${Object.keys(value).length} keys}`;
}

function Leaf({ value }: { value: unknown }) {
  if (typeof value === "string") return <Long text={value} />;
  return <span class="num">{String(value)}</span>;
}

function Entry({ name, value, level }: { name: string; value: unknown; level: number }) {
  const [open, setOpen] = useState(false);
  if (!isNode(value)) {
    return (
      <li>
        <span class="key">{name}</span> <Leaf value={value} />
      </li>
    );
  }
  return (
    <li>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="fold">{open ? "▾" : "▸"}</span>
        <span class="key">{name}</span> {!open && <span class="muted">{brief(value)}</span>}
      </button>
      {open && <Json value={value} level={level + 1} />}
    </li>
  );
}

export function Json({ value, level = 0 }: { value: unknown; level?: number }) {
  const [shown, setShown] = useState(MANY);
  if (!isNode(value)) return <Leaf value={value} />;
  const entries = Object.entries(value);
  return (
    <ul class="json">
      {entries.slice(0, shown).map(([name, item]) => (
        <Entry key={name} name={name} value={item} level={level} />
      ))}
      {entries.length > shown && (
        <li>
          <button type="button" class="more" onClick={() => setShown(shown + 10 * MANY)}>
            {entries.length - shown} more
          </button>
        </li>
      )}
    </ul>
  );
}
