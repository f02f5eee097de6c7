/** The commonest values of a list's columns, each a button that narrows it. */
import { compact } from "../format";
import type { Chosen, Facet } from "./rows";

const WORDS: Record<string, string> = { error_type: "error" };

interface Props {
  facets: Facet[];
  chosen: Chosen;
  onPick: (column: string, value: string | null) => void;
}

export function Facets({ facets, chosen, onPick }: Props) {
  return (
    <nav class="facets" aria-label="Narrow the list" data-ls="facets">
      {facets.map(({ column, values, others }) => {
        const most = Math.max(1, ...values.map(([, rows]) => rows));
        return (
          <section key={column}>
            <h3>{WORDS[column] ?? column}</h3>
            <ul>
              {values.map(([value, rows]) => (
                <li key={value}>
                  <button
                    type="button"
                    aria-pressed={chosen[column]?.includes(value) ?? false}
                    onClick={() => onPick(column, value)}
                  >
                    <i style={{ width: `${(rows / most) * 100}%` }} />
                    <span class={value === null ? "muted" : ""} title={value ?? "unknown"}>
                      {value ?? "unknown"}
                    </span>
                    <span class="num muted">{compact(rows)}</span>
                  </button>
                </li>
              ))}
              {others > 0 && <li class="muted more">{compact(others)} more</li>}
            </ul>
          </section>
        );
      })}
    </nav>
  );
}
