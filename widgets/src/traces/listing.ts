/** The part of a list that is in sight: what the kernel finds, or without one, what the page holds. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Model } from "../afm";
import { ask } from "../ask";
import type { Standing } from "../trace/embed";
import { PATIENT } from "../trace/trace";
import { type Chosen, counted, type Facet, narrowed, type Order, type Row } from "./rows";

export interface Found {
  rows: Row[];
  total?: number;
  facets?: Facet[];
}

export interface Asked extends Order {
  search: string;
  chosen: Chosen;
  offset: number;
  /** By meaning: the nearest, not those that mention the text. */
  meaning: boolean;
  /** Counts the times that more was embedded. */
  round: number;
}

export interface Held {
  rows: Row[];
  total: number;
  facets: Facet[];
  page: number;
  sort: string;
  search: string;
}

export interface Page {
  rows: Row[];
  /** How many there are in all; null where only what the page holds was searched. */
  total: number | null;
  facets: Facet[];
  waiting: boolean;
  /** Of a search by meaning: how much was compared. */
  standing: Standing | null;
  problem: string;
}

interface Nearest extends Standing {
  rows: Row[];
  facets?: Facet[];
}

const PAUSE = 200;

/** What was asked, without the page: as long as it stays, totals and facets do. */
const questionOf = ({ search, chosen, meaning, round }: Asked) => JSON.stringify([search, chosen, meaning, round]);

export function useListing(model: Model, held: Held, asked: Asked, live: boolean): Page {
  const [found, setFound] = useState<Found | null>(null);
  const [waiting, setWaiting] = useState(false);
  const [standing, setStanding] = useState<Standing | null>(null);
  const [problem, setProblem] = useState("");
  const counts = useRef<{ question: string; total: number; facets: Facet[] } | null>(null);
  const question = questionOf(asked);
  const first = useRef(JSON.stringify(asked));
  const untouched = JSON.stringify(asked) === first.current;
  const text = useRef(asked.search);

  useEffect(() => {
    setFound(null);
    setStanding(null);
    setProblem("");
    if (untouched || !live) return undefined;
    let gone = false;
    setWaiting(true);
    // Typing rests before it is asked; a click does not wait.
    const pause = text.current === asked.search ? 0 : PAUSE;
    text.current = asked.search;
    const known = counts.current?.question === question;
    const texts = (now: Found) => {
      const rows = now.rows.map((row) => [row.trace_id, row.span_id]);
      ask<(string | null)[]>(model, "inputs", { rows }).then(
        (inputs) => gone || setFound({ ...now, rows: now.rows.map((row, i) => ({ ...row, input: inputs[i]! })) }),
        () => undefined, // the rows stand without
      );
    };
    const nearest = () => {
      const { search, sort, ascending, chosen } = asked;
      ask<Nearest>(model, "nearest", { search, sort, ascending, facets: chosen }, PATIENT).then(
        ({ rows, facets = [], ...now }) => {
          if (gone) return;
          counts.current = { question, total: rows.length, facets };
          setStanding(now);
          setFound({ rows });
          setWaiting(false);
          if (rows.length) texts({ rows });
        },
        (error: Error) => {
          if (gone) return;
          setProblem(error.message);
          setWaiting(false);
        },
      );
    };
    const wait = setTimeout(() => {
      const { search, sort, ascending, offset, chosen } = asked;
      if (asked.meaning) {
        nearest();
        return;
      }
      ask<Found>(model, "list", { search, sort, ascending, offset, facets: chosen, count: !known }).then(
        (now) => {
          if (gone) return;
          if (now.total !== undefined) counts.current = { question, total: now.total, facets: now.facets ?? [] };
          setFound(now);
          setWaiting(false);
          texts(now);
        },
        () => gone || setWaiting(false), // no answer: what is here is searched
      );
    }, pause);
    return () => {
      gone = true;
      clearTimeout(wait);
    };
  }, [JSON.stringify(asked), live, model]);

  const local = useMemo(
    () => narrowed(held.rows, asked.search, asked, asked.chosen),
    [held.rows, asked.search, asked.sort, asked.ascending, asked.chosen],
  );
  const columns = held.facets.map((facet) => facet.column);
  const fresh = counts.current?.question === question ? counts.current : null;
  const told = { waiting, standing, problem };
  if (untouched) return { ...told, rows: held.rows.slice(0, held.page), total: held.total, facets: held.facets };
  if (found && fresh) {
    return { ...told, rows: found.rows, total: fresh.total, facets: merged(fresh.facets, held.facets, asked.chosen) };
  }
  // What only mentions a text is not what means the same.
  if (asked.meaning) return { ...told, rows: [], total: null, facets: held.facets };
  const facets = live ? held.facets : counted(narrowed(held.rows, asked.search, asked), columns);
  return { ...told, rows: local, total: null, facets };
}

/** A column that is narrowed already keeps its other values, so that one can be added. */
function merged(now: Facet[], before: Facet[], chosen: Chosen): Facet[] {
  return before.flatMap((facet) => {
    if (chosen[facet.column]?.length) return [facet];
    return now.filter((each) => each.column === facet.column);
  });
}
