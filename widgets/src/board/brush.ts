/** What is brushed, its undo, and the exact figures that Python has of it. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Model } from "../afm";
import { ask } from "../ask";
import type { Figures } from "./figures";
import type { Brush } from "./filter";
import { begun, type History, moved, redone, rested, undone, written } from "./history";

/** How long a brush rests before Python hears of it and is asked for exact figures. */
const REST_MS = 300;

interface Exact {
  /** The brush that they are of, and whether the rest was asked for. */
  of: string;
  part: Figures;
  rest: Figures | null;
}

export const empty = (brush: Brush) => written(brush) === "[]";

export interface Brushing {
  brush: Brush;
  /** The brush where it last rested. */
  kept: Brush;
  /** Null until Python answers, and where nobody does. */
  exact: Exact | null;
  /** Whether the brush is where it was when it last rested. */
  still: boolean;
  undoable: boolean;
  redoable: boolean;
  change: (key: string, codes: number[] | undefined) => void;
  clear: () => void;
  undo: () => void;
  redo: () => void;
}

export function useBrush(model: Model, comparing: boolean): Brushing {
  const [history, setHistory] = useState<History>(() => begun(model.get<Brush>("brush") ?? {}));
  const [exact, setExact] = useState<Exact | null>(null);
  const { now: brush, past, kept, future } = history;
  const text = written(brush);
  const told = useRef(text);
  const question = `${comparing} ${text}`;

  useEffect(() => {
    const rest = setTimeout(() => {
      setHistory(rested);
      if (text === told.current) return;
      told.current = text;
      model.set("brush", brush);
      model.save_changes();
    }, REST_MS);
    return () => clearTimeout(rest);
  }, [text, model]);

  useEffect(() => {
    if (empty(brush)) return undefined;
    let gone = false;
    const rest = setTimeout(() => {
      const asked = [ask<Figures>(model, "figures", { brush })];
      if (comparing) asked.push(ask<Figures>(model, "figures", { brush, rest: true }));
      // Without a kernel nobody answers, and the figures stay interpolated.
      Promise.all(asked).then(
        ([part, others]) => gone || setExact({ of: question, part: part!, rest: others ?? null }),
        () => undefined,
      );
    }, REST_MS);
    return () => {
      gone = true;
      clearTimeout(rest);
    };
  }, [question, model]);

  useEffect(() => {
    const heard = () => {
      const next = model.get<Brush>("brush") ?? {};
      if (written(next) === told.current) return;
      told.current = written(next);
      setHistory((before) => rested(moved(before, next)));
    };
    model.on("change:brush", heard);
    return () => model.off("change:brush", heard);
  }, [model]);

  const still = written(kept) === text;
  return {
    brush,
    kept,
    exact: exact?.of === question ? exact : null,
    still,
    undoable: past.length > 0 || !still,
    redoable: future.length > 0 && still,
    change: (key, codes) =>
      setHistory((before) => {
        const { [key]: _, ...others } = before.now;
        return moved(before, codes?.length ? { ...others, [key]: codes } : others);
      }),
    clear: () => setHistory((before) => rested(moved(rested(before), {}))),
    undo: () => setHistory(undone),
    redo: () => setHistory(redone),
  };
}
