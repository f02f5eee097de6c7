/** Causes of a change by how much of it they account for, each told in a line. */
import { walk } from "../walk";
import { type Cause, type Causes as Found, TONES } from "./rows";

interface Props {
  found: Found;
  chosen: number;
  onChoose: (row: Cause) => void;
}

const KINDS = [
  ["rate", "changed itself"],
  ["mix", "more or less of it"],
  ["new", "came with the window"],
] as const;

export function Causes({ found, chosen, onChoose }: Props) {
  const most = Math.max(1, ...found.rows.map(({ share }) => Math.abs(share)));
  return (
    <div class="causes">
      <p class="keys" aria-hidden="true">
        {KINDS.filter(([kind]) => found.rows.some((row) => row.kind === kind)).map(([kind, words]) => (
          <span key={kind} class={TONES[kind] ?? "plain"}>
            <i />
            {kind}: {words}
          </span>
        ))}
        <small>part of the {found.of}</small>
      </p>
      <ol aria-label="Causes">
        {found.rows.map((row) => (
          <li key={row.id}>
            <button
              type="button"
              class={`row ${TONES[row.kind] ?? "plain"}`}
              data-ls="cause"
              data-id={row.id}
              aria-pressed={row.id === chosen}
              aria-label={row.told}
              onKeyDown={walk}
              onClick={() => onChoose(row)}
            >
              <span class="name">
                <bdi>{row.parts.join(", ")}</bdi>
              </span>
              <span class="track">
                <span class="bar" style={{ width: `${(Math.abs(row.share) / most) * 100}%` }} />
              </span>
              <span class="num">{row.shown}</span>
              <small class="num">{row.p}</small>
              <span class="told">
                <bdi>{row.told.slice(row.parts.join(", ").length + 2)}</bdi>
              </span>
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}
