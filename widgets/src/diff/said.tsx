/** Two texts as one: what went and what came is marked, and long runs that stayed are folded. */
import { useState } from "preact/hooks";
import { count } from "../format";

export type Piece = [kind: "same" | "gone" | "new", text: string];

const LONGEST = 360;
const EDGE = 140;

function Same({ text }: { text: string }) {
  const [open, setOpen] = useState(false);
  if (open || text.length <= LONGEST) return <>{text}</>;
  return (
    <>
      {text.slice(0, EDGE)}
      <button type="button" class="folded" onClick={() => setOpen(true)}>
        … {count(text.length - 2 * EDGE)} characters that are the same …
      </button>
      {text.slice(-EDGE)}
    </>
  );
}

/** What the texts have in common is worth reading only where they differ. */
export function Said({ title, pieces }: { title: string; pieces: Piece[] }) {
  const differs = pieces.some(([kind]) => kind !== "same");
  const body = (
    <p class="said" dir="auto">
      {pieces.map(([kind, text], i) =>
        kind === "same" ? (
          <Same key={i} text={text} />
        ) : kind === "gone" ? (
          <del key={i}>{text}</del>
        ) : (
          <ins key={i}>{text}</ins>
        ),
      )}
    </p>
  );
  return (
    <div class="section">
      {differs ? (
        <>
          <h3>{title}</h3>
          {body}
        </>
      ) : (
        <details>
          <summary>
            {title} <small>the same in both</small>
          </summary>
          {body}
        </details>
      )}
    </div>
  );
}
