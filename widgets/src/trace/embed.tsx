/** What cannot be compared by meaning yet, what it would take, and a button that does it; never without being asked. */
import { useRef, useState } from "preact/hooks";
import { count } from "../format";

export interface Standing {
  /** Rows whose text is embedded, of all that have one. */
  compared: number;
  total: number;
  /** Texts that are not, and about how long they take, in seconds. */
  missing: number;
  seconds: number;
  model: string;
}

/** Seconds as a person would say them. */
export const about = (seconds: number): string =>
  seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;

interface Props {
  standing: Standing;
  /** Embeds some; resolves to how many are left. */
  embed: () => Promise<number>;
  onDone: () => void;
}

export function Embed({ standing, embed, onDone }: Props) {
  const { compared, total, missing, seconds, model } = standing;
  const [left, setLeft] = useState<number | null>(null);
  const [problem, setProblem] = useState("");
  const stopped = useRef(false);
  if (!missing && compared) return null;
  const run = async () => {
    stopped.current = false;
    setProblem("");
    setLeft(missing);
    try {
      let now = missing;
      while (now > 0 && !stopped.current) {
        now = await embed();
        setLeft(now);
      }
      setLeft(null);
      onDone();
    } catch (error) {
      setLeft(null);
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const texts = `${count(missing)} ${compared ? "more " : ""}${missing === 1 ? "text" : "texts"}`;
  return (
    <div class="embed note muted" data-ls="embed" role="status">
      {left === null ? (
        <>
          <span>
            {compared
              ? `Compared with ${count(compared)} of ${count(total)}.`
              : total
                ? `None of the ${count(total)} inputs is embedded yet, so there is nothing to compare.`
                : "There are no inputs to compare."}
            {missing > 0 &&
              ` ${texts} would take about ${about(seconds)} with ${model.split("/").pop()}; once, then kept.`}
          </span>
          {missing > 0 && (
            <button type="button" class="ls-push" onClick={run}>
              Embed {texts}
            </button>
          )}
        </>
      ) : (
        <>
          <progress max={missing} value={missing - left} aria-label="Texts embedded" />
          <span class="num">
            {count(missing - left)} of {count(missing)} embedded
          </span>
          <button type="button" class="ls-push" onClick={() => (stopped.current = true)}>
            Stop
          </button>
        </>
      )}
      {problem && <span role="alert">{problem}</span>}
    </div>
  );
}
