/** The trace as a file: written by the kernel in three forms, or where there is none, what the page holds as JSON. */
import { useState } from "preact/hooks";

export type Form = "json" | "speedscope" | "chrome";

export interface File {
  name: string;
  text: string;
}

export function save({ name, text }: File): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const FORMS: [form: Form, title: string][] = [
  ["json", "JSON, everything"],
  ["speedscope", "speedscope"],
  ["chrome", "Chrome trace"],
];

interface Props {
  live: boolean;
  onFile: (form: Form) => Promise<File>;
  /** What the page holds. */
  held: () => File;
}

export function Download({ live, onFile, held }: Props) {
  const [state, setState] = useState("");
  const get = (form: Form) => {
    setState("…");
    onFile(form).then(
      (file) => {
        save(file);
        setState("");
      },
      (error: Error) => setState(error.message),
    );
  };
  if (!live) {
    return (
      <button type="button" class="ls-push" title="What is embedded here, as JSON" onClick={() => save(held())}>
        Download
      </button>
    );
  }
  return (
    <>
      <select
        aria-label="Download"
        value=""
        onChange={(event) => {
          get(event.currentTarget.value as Form);
          event.currentTarget.value = "";
        }}
      >
        <option value="">Download</option>
        {FORMS.map(([form, title]) => (
          <option key={form} value={form}>
            {title}
          </option>
        ))}
      </select>
      {state && <span class="muted">{state}</span>}
    </>
  );
}
