/** What is different about what was selected: asked of Python, shown below the charts, each finding a way to narrow. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Model } from "../afm";
import { ask, Refused } from "../ask";
import { copied } from "../copy";
import { type Answer, Found } from "../found/found";
import type { Row } from "../found/rows";
import type { Brush } from "./filter";

/** Ten minutes: of many millions of requests it takes a while, and nobody else answers. */
const PATIENCE_MS = 600_000;

const NO_KERNEL =
  "What is different is looked for where a kernel runs: open the notebook, run the cell and ask again, or ask board.explain() in Python.";

type Explained = Answer & { metric: string; metrics: { name: string; title: string }[] };

interface Props {
  model: Model;
  /** What is asked about. */
  brush: Brush;
  /** Whether something else is selected by now. */
  stale: boolean;
  onNarrow: (brush: Brush) => void;
  onAgain: () => void;
  onClose: () => void;
}

function Waiting() {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const tick = setInterval(() => setSeconds((before) => before + 1), 1000);
    return () => clearInterval(tick);
  }, []);
  return (
    <p class="muted">
      <span role="status">Looking for what is different …</span> {seconds > 1 && `${seconds} s`}
    </p>
  );
}

export function Explain({ model, brush, stale, onNarrow, onAgain, onClose }: Props) {
  const [metric, setMetric] = useState<string | null>(null);
  const [answer, setAnswer] = useState<Explained | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const [busy, setBusy] = useState(true);
  const [chosen, setChosen] = useState(-1);
  const [said, setSaid] = useState("");
  const box = useRef<HTMLElement>(null);

  useEffect(() => {
    let gone = false;
    setBusy(true);
    setProblem(null);
    setChosen(-1);
    setSaid("");
    ask<Explained>(model, "explain", { brush, metric }, PATIENCE_MS)
      .then(
        (found) => gone || setAnswer(found),
        (error: Error) => gone || setProblem(error),
      )
      .finally(() => gone || setBusy(false));
    return () => {
      gone = true;
    };
  }, [model, brush, metric]);

  // It stands below the charts, where it may not be seen.
  useEffect(() => box.current!.scrollIntoView({ block: "nearest" }), [busy]);

  const choose = (row: Row) => {
    setChosen(row.id);
    if (row.brush) {
      setSaid("The board is narrowed to it; undo takes it back.");
      onNarrow(row.brush);
      return;
    }
    setSaid("The board has no bar for it.");
    if (row.condition === null) return;
    copied(row.condition, box.current!).then(
      () => setSaid("The board has no bar for it: its condition is copied, for scope.where."),
      () => undefined,
    );
  };

  return (
    <section
      class="explain"
      aria-label="What is different about the selection"
      data-ls="explain"
      ref={box}
      tabIndex={-1}
    >
      <header>
        <h3>What is different about the selection</h3>
        {answer && (
          <label>
            metric{" "}
            <select
              value={answer.metric}
              disabled={busy}
              onChange={(event) => setMetric((event.target as HTMLSelectElement).value)}
            >
              {answer.metrics.map(({ name, title }) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </select>
          </label>
        )}
        {stale && (
          <button type="button" class="ls-push" title="Ask about what is selected now (e)" onClick={onAgain}>
            explain what is selected now
          </button>
        )}
        <button type="button" class="ls-push" onClick={onClose}>
          close
        </button>
      </header>
      {busy && <Waiting />}
      {problem && (
        <p class={problem instanceof Refused ? "error" : "muted"} role="alert">
          {problem instanceof Refused ? problem.message : NO_KERNEL}
        </p>
      )}
      {answer && !busy && !problem && (
        <Found
          answer={answer}
          chosen={chosen}
          onChoose={choose}
          hint="Click a row to narrow the board to it; where the board has no bar for it, its condition is copied."
        >
          {said && (
            <p class="note" role="status">
              {said}
            </p>
          )}
        </Found>
      )}
    </section>
  );
}
