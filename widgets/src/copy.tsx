/** A button that copies a text. */
import { useState } from "preact/hooks";

/** Copies by the clipboard's own door, or where a page may not use it, by a selection. */
export async function copied(text: string, beside: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.cssText = "position:fixed;opacity:0";
    beside.after(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    beside.focus();
    if (!done) throw new Error("The page may not write to the clipboard.");
  }
}

export function Copy({ text, what }: { text: () => string; what: string }) {
  const [state, setState] = useState<"" | "copied" | "not allowed">("");
  return (
    <button
      type="button"
      class="copy"
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
      onClick={(event) => {
        event.stopPropagation();
        const tell = (said: typeof state) => {
          setState(said);
          setTimeout(() => setState(""), 1500);
        };
        copied(text(), event.currentTarget).then(
          () => tell("copied"),
          () => tell("not allowed"),
        );
      }}
    >
      {state || "copy"}
    </button>
  );
}
