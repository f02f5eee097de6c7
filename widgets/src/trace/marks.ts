/** A person's word on traces and spans: read from the kernel, given to it, and taken back. */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { Model } from "../afm";
import { ask } from "../ask";

export interface Mark {
  span_id: string | null;
  name: string;
  value: number | null;
  label: string | null;
  note: string | null;
  /** ms since 1970. */
  time: number | null;
}

export type ByTrace = Record<string, Mark[]>;

export interface Given {
  span_id?: string | null;
  name: string;
  value?: number | null;
  label?: string | null;
  note?: string | null;
}

export interface Review {
  /** Whether somebody writes down what is given; without a kernel it is shown only. */
  live: boolean;
  marks: ByTrace;
  problem: string;
  /** How many can be taken back. */
  undoable: number;
  give: (trace: string, given: Given) => void;
  undo: () => void;
}

export const THUMBS = "thumbs";
export const NOTE = "note";

export const thumb = (up: boolean, span: string | null): Given => ({
  span_id: span,
  name: THUMBS,
  value: Number(up),
  label: up ? "up" : "down",
});

/** The mark of a name on the whole trace, or on a span. */
export const markOf = (marks: Mark[] | undefined, name: string, span: string | null = null): Mark | undefined =>
  marks?.find((mark) => mark.name === name && (mark.span_id ?? null) === span);

/** A mark in few words. */
export const said = (mark: Mark): string =>
  [mark.label, mark.label && mark.name === THUMBS ? null : mark.value, mark.note]
    .filter((part) => part !== null && part !== undefined && part !== "")
    .join(", ");

export function useReview(model: Model, embedded: ByTrace): Review {
  const [marks, setMarks] = useState<ByTrace>(() => ({ ...embedded, ...(model.get<ByTrace>("marks") ?? {}) }));
  const [live, setLive] = useState(false);
  const [problem, setProblem] = useState("");
  const [undoable, setUndoable] = useState(0);
  const ids = Object.keys(embedded).join("\n");

  useEffect(() => {
    let gone = false;
    ask<ByTrace>(model, "marks", { trace_ids: ids ? ids.split("\n") : [] }).then(
      (now) => {
        if (gone) return;
        setLive(true);
        setMarks((have) => ({ ...have, ...now }));
      },
      () => undefined, // no kernel: nothing can be given
    );
    return () => {
      gone = true;
    };
  }, [model, ids]);

  const send = useCallback(
    (query: string, params: unknown, step: number) => {
      setProblem("");
      ask<ByTrace>(model, query, params).then(
        (now) => {
          setMarks((have) => ({ ...have, ...now }));
          setUndoable((count) => Math.max(0, count + step));
        },
        (error: Error) => setProblem(`Not saved: ${error.message}`),
      );
    },
    [model],
  );
  const give = useCallback((trace: string, given: Given) => send("annotate", { trace_id: trace, ...given }, 1), [send]);
  const undo = useCallback(() => send("undo", {}, -1), [send]);
  return useMemo(() => ({ live, marks, problem, undoable, give, undo }), [live, marks, problem, undoable, give, undo]);
}
