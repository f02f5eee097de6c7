/** Slices as a forest: each with its value and interval, beside the value of all. */
import { walk } from "../walk";
import { type Slice, type Slices, TONES } from "./rows";
import { label, place, scale } from "./scale";

interface Props {
  found: Slices;
  chosen: number;
  onChoose: (row: Slice) => void;
}

export function Forest({ found, chosen, onChoose }: Props) {
  const { rows, overall, unit, noun } = found;
  const axis = scale(rows, overall);
  const at = (value: number) => `${place(axis, value)}%`;
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  return (
    <div class="forest">
      <div class="row top" aria-hidden="true">
        <span class="keys">
          {kinds.map((kind) => (
            <span key={kind} class={TONES[kind] ?? "plain"}>
              <i />
              {kind}
            </span>
          ))}
          {overall !== null && (
            <span class="mean">
              <i />
              all {noun}: {found.all}
            </span>
          )}
        </span>
        <span class="track">
          {axis.ticks.map((tick) => (
            <small key={tick} style={{ left: at(tick) }}>
              {label(tick, unit)}
            </small>
          ))}
        </span>
        <small class="num">value</small>
        <small class="num">{noun}</small>
      </div>
      <ul aria-label="Slices">
        {rows.map((row) => (
          <li key={row.id}>
            <button
              type="button"
              class={`row ${TONES[row.kind] ?? "plain"}`}
              data-ls="slice"
              data-id={row.id}
              aria-pressed={row.id === chosen}
              aria-label={row.told}
              title={row.told}
              onKeyDown={walk}
              onClick={() => onChoose(row)}
            >
              <span class="name">
                <bdi>{row.parts.join(", ")}</bdi>
              </span>
              <span class="track">
                {axis.ticks.map((tick) => (
                  <span key={tick} class="grid" style={{ left: at(tick) }} />
                ))}
                {overall !== null && <span class="all" style={{ left: at(overall) }} />}
                <span
                  class="reach"
                  style={{
                    left: at(row.low ?? row.value!),
                    width: `${place(axis, row.high ?? row.value!) - place(axis, row.low ?? row.value!)}%`,
                  }}
                />
                <span class="dot" style={{ left: at(row.value!) }} />
              </span>
              <span class="num">{row.shown}</span>
              <span class="num">{row.n}</span>
            </button>
          </li>
        ))}
      </ul>
      {found.more > 0 && <p class="muted">{found.more} more in the data below and in Python.</p>}
    </div>
  );
}
