/** The requests behind the selection: the list that opens, searches and judges them, below the charts. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Model } from "../afm";
import { ask } from "../ask";
import { traces } from "../traces/traces";
import type { Brush } from "./filter";
import { written } from "./history";

interface Asked {
  id: string;
}

/** The model of the list: what it asks goes to the board's Python half, with the brush. */
function within(model: Model, brush: Brush, data: ArrayBuffer): Model {
  const heard = new Set<(reply: unknown) => void>();
  const answer = (reply: object) => {
    for (const callback of [...heard]) callback(reply);
  };
  return {
    get: <T,>(name: string) => ({ data, marks: {}, columns: [] as string[] })[name] as T,
    set: () => undefined,
    save_changes: () => undefined,
    on: (event, callback) => {
      if (event === "msg:custom") heard.add(callback as never);
    },
    off: (_event, callback) => {
      heard.delete(callback as never);
    },
    send: (content) => {
      const { id } = content as Asked;
      ask<object>(model, "requests", { brush, ...(content as Asked) }).then(
        (reply) => answer({ kind: "answer", id, ...reply }),
        (error: Error) => answer({ kind: "answer", id, error: error.message }),
      );
    },
  };
}

/** `brush` is where the selection rests. */
export function Requests({ model, brush, unit }: { model: Model; brush: Brush; unit: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [said, setSaid] = useState("");
  const text = written(brush);
  useEffect(() => {
    const gone = new AbortController();
    setSaid("Loading …");
    ask<{ data: string }>(model, "requests", { brush }).then(
      ({ data }) => {
        if (gone.signal.aborted) return;
        setSaid("");
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        traces.render({ model: within(model, brush, bytes.buffer), el: box.current!, signal: gone.signal });
      },
      () => gone.signal.aborted || setSaid(`The ${unit} are listed where a kernel runs: run the cell to see them.`),
    );
    return () => gone.abort();
  }, [text, model, unit]);
  return (
    <section class="requests" aria-label={`Selected ${unit}`}>
      {said && (
        <p class="muted" role="status">
          {said}
        </p>
      )}
      <div ref={box} />
    </section>
  );
}
