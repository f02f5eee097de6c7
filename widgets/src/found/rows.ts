/** What was found, as Python tells it: one row each. */
import type { Brush } from "../board/filter";

export interface Row {
  /** Its place in Python's frame. */
  id: number;
  /** What it fixes, one text for each attribute. */
  parts: string[];
  /** All of it in a line. */
  told: string;
  /** What it adds to the filter, as SQL; null where no SQL says it. */
  condition: string | null;
  kind: string;
  /** On a board: the same as a brush; null where the board has no bar for it. */
  brush?: Brush | null;
}

export interface Slice extends Row {
  n: string;
  value: number | null;
  low: number | null;
  high: number | null;
  shown: string;
  /** The value of all else. */
  rest: string;
}

/** A slice among those that it is made of. */
export interface Node extends Slice {
  /** How many attributes it fixes. */
  depth: number;
  finding: boolean;
  /** Its difference to the other rows of its parent, or of a single group to all others. */
  apart: string;
  /** Slices that fix one attribute fewer, the one that it is least unlike first. */
  above: number[];
}

export interface Cause extends Row {
  share: number;
  shown: string;
  p: string;
}

interface Told {
  head: string;
  verdict: string;
  notes: string[];
}

export interface Slices extends Told {
  unit: string;
  noun: string;
  overall: number | null;
  all: string;
  rows: Slice[];
  /** Findings beyond those of `rows`. */
  more: number;
  lattice: Node[];
}

export interface Causes extends Told {
  /** "change" or "difference". */
  of: string;
  rows: Cause[];
}

/** How a kind of row looks. */
export const TONES: Record<string, string> = {
  worse: "bad",
  "more often": "bad",
  better: "good",
  "less often": "good",
  different: "good",
  rate: "good",
  new: "bad",
};
