/** The requests of a session one after the other, as the conversation that they are. */
import { count, duration, money, time } from "../format";
import { Status } from "./status";
import { Markdown } from "./text";

export interface Turn {
  trace_id: string;
  start_time: number | null;
  name: string | null;
  status: string | null;
  error_type: string | null;
  model: string | null;
  duration_ms: number | null;
  tokens: number | null;
  cost_usd: number | null;
  input: string | null;
  output: string | null;
}

export interface Conversation {
  turns: Turn[];
  /** How many there are in all. */
  total: number;
}

interface Props {
  id: string;
  session: Conversation;
  /** The trace that is open. */
  open: string;
  onOpen: (trace: string) => void;
}

export function Session({ id, session, open, onOpen }: Props) {
  const known = session.turns.map((turn) => turn.cost_usd).filter((cost) => cost !== null);
  const cost = known.length ? money(known.reduce((sum, part) => sum + part, 0)) : "—";
  const less = session.turns.length < session.total ? `the first ${count(session.turns.length)} of ` : "";
  return (
    <section class="session" data-ls="session" aria-label="Session">
      <div class="heading">
        <h3>
          Session {id}
          <small>
            {less}
            {count(session.total)} requests, {cost}
          </small>
        </h3>
      </div>
      <ol>
        {session.turns.map((turn) => (
          <li key={turn.trace_id} class={turn.trace_id === open ? "open" : ""} data-ls="turn">
            <button
              type="button"
              aria-current={turn.trace_id === open ? "true" : undefined}
              disabled={turn.trace_id === open}
              onClick={() => onOpen(turn.trace_id)}
            >
              <Status status={turn.status} word={false} /> <span class="num">{time(turn.start_time)}</span>{" "}
              <span class="muted">
                {[turn.name, turn.model, duration(turn.duration_ms), turn.error_type].filter(Boolean).join(" · ")}
              </span>
            </button>
            <div class="said user">{turn.input === null ? <p class="muted">—</p> : <Markdown text={turn.input} />}</div>
            <div class="said assistant">
              {turn.output === null ? <p class="muted">no answer</p> : <Markdown text={turn.output} />}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
