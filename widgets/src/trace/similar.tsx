/** The traces whose input means nearly the same, nearest first. */
import { useEffect, useState } from "preact/hooks";
import { duration, time } from "../format";
import { Embed, type Standing } from "./embed";
import { Status } from "./status";

export interface Like {
  /** The cosine of the two inputs: 1 for the same. */
  near: number;
  trace_id: string;
  start_time: number | null;
  name: string | null;
  status: string | null;
  error_type: string | null;
  model: string | null;
  duration_ms: number | null;
  input: string | null;
}

export interface Alike extends Standing {
  rows: Like[];
}

interface Props {
  ask: () => Promise<Alike>;
  embed: () => Promise<number>;
  onOpen: (trace: string) => void;
}

export function Similar({ ask, embed, onOpen }: Props) {
  const [found, setFound] = useState<Alike | null>(null);
  const [problem, setProblem] = useState("");
  const [round, setRound] = useState(0);
  useEffect(() => {
    let gone = false;
    ask().then(
      (now) => gone || setFound(now),
      (error) => gone || setProblem(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      gone = true;
    };
  }, [round]);
  return (
    <section class="similar" data-ls="similar" aria-label="Similar traces">
      <h3>Similar traces</h3>
      {problem && (
        <p class="muted" role="alert">
          {problem}
        </p>
      )}
      {!found && !problem && <p class="muted">Comparing …</p>}
      {found && found.rows.length > 0 && (
        <ol>
          {found.rows.map((row) => (
            <li key={row.trace_id}>
              <button type="button" data-ls="similar-row" onClick={() => onOpen(row.trace_id)}>
                <span class="num near" title="How near its input is: 1 for the same">
                  {row.near.toFixed(2)}
                </span>
                <Status status={row.status} word={false} />
                <bdi class="said">{row.input ?? row.name ?? "—"}</bdi>
                <span class="muted num">
                  {[row.model, duration(row.duration_ms), row.error_type, time(row.start_time)]
                    .filter(Boolean)
                    .join(" · ")}
                </span>
              </button>
            </li>
          ))}
        </ol>
      )}
      {found && <Embed standing={found} embed={embed} onDone={() => setRound(round + 1)} />}
    </section>
  );
}
