/** The table behind a picture, folded under it. */
import { UNKNOWN } from "../format";

export interface Frame {
  columns: string[];
  rows: (string | number | boolean | null)[][];
  total: number;
}

export const NO_ROWS: Frame = { columns: [], rows: [], total: 0 };

function cell(value: string | number | boolean | null): string {
  if (value === null) return UNKNOWN;
  if (typeof value !== "number") return String(value);
  return Number.isInteger(value) ? value.toLocaleString("en-US") : String(Number(value.toPrecision(5)));
}

export function Rows({ frame }: { frame: Frame }) {
  const numeric = frame.columns.map((_, i) => frame.rows.some((row) => typeof row[i] === "number"));
  const shown =
    frame.rows.length < frame.total
      ? `first ${frame.rows.length} of ${frame.total} rows`
      : `${frame.total} ${frame.total === 1 ? "row" : "rows"}`;
  return (
    <details>
      <summary>Data, {shown}</summary>
      <div class="rows">
        <table>
          <thead>
            <tr>
              {frame.columns.map((name, i) => (
                <th key={name} class={numeric[i] ? "num" : ""}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {frame.rows.map((row) => (
              <tr key={row}>
                {row.map((value, i) => (
                  <td key={frame.columns[i]} class={numeric[i] ? "num" : ""}>
                    {cell(value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
