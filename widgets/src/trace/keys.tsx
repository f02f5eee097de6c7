/** The keys of the trace explorer, and the card that lists them. */
import { useLayoutEffect, useRef } from "preact/hooks";

export type Keys = [keys: string, does: string][];

/** Jaeger's where it has them; `d` is a thumb here, so that time moves by shift and arrows only. */
export const TREE_KEYS: Keys = [
  ["↑ ↓", "previous, next span"],
  ["→ ←", "unfold or go in, fold or go out"],
  ["Home End", "first, last span"],
  ["w s", "a page up, down"],
  ["[ ]", "previous, next failed span"],
  ["b f", "previous, next match of the filter"],
  ["p o", "fold, unfold one level"],
  ["P O", "fold, unfold all"],
  ["+ −", "look closer, farther"],
  ["shift ← →", "earlier, later"],
  ["0", "the whole time"],
  ["c", "critical path"],
  ["/ Esc", "filter, clear it"],
];

export const REVIEW_KEYS: Keys = [
  ["u d", "thumbs up, down"],
  ["n", "write a note"],
  ["z", "undo"],
  ["m", "similar traces"],
  ["⌫", "back to the trace before"],
];

export const LIST_KEYS: Keys = [
  ["j k", "next, previous trace"],
  ["~", "search by meaning"],
];

export function KeyCard({ groups, onClose }: { groups: Keys[]; onClose: () => void }) {
  const close = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => close.current?.focus(), []);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a click beside the card closes it, as Escape does
    <div
      class="curtain"
      onClick={(event) => event.target === event.currentTarget && onClose()}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (["Escape", "?", "Tab"].includes(event.key)) {
          event.preventDefault();
          if (event.key !== "Tab") onClose();
        }
      }}
    >
      <div class="keys" role="dialog" aria-modal="true" aria-label="Keys" data-ls="keys">
        <div class="heading">
          <h3>Keys</h3>
          <button ref={close} type="button" class="ls-push" onClick={onClose}>
            Close
          </button>
        </div>
        <div class="columns">
          {groups.map((group, i) => (
            <dl key={i}>
              {group.map(([keys, does]) => (
                <div key={keys}>
                  <dt>
                    {keys.split(" ").map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          ))}
        </div>
      </div>
    </div>
  );
}

/** Whether a key was pressed where text is written. */
export const typing = (event: KeyboardEvent): boolean => {
  const at = event.composedPath()[0];
  return at instanceof HTMLElement && at.matches("input, textarea, select");
};
