/** The overview of a scope: what there is, how it goes, and where to look next. */
import type { Model, Widget } from "../afm";
import { type Bytes, json } from "../bytes";
import { BinChart } from "../chart/binchart";
import chartCss from "../chart/binchart.css";
import type { Spec } from "../chart/vega";
import { compact, count, duration, format, minute, money, percent } from "../format";
import { mount, type Stage } from "../shell";
import { Findings } from "./findings";
import css from "./overview.css";
import { Sparkline } from "./sparkline";

interface Figure {
  name: string;
  value: number | null;
  unit: string;
  course: (number | null)[];
  note: string;
}

interface Group {
  name: string;
  requests: number;
  error_rate: number;
  p50: number | null;
  p95: number | null;
  tokens: number | null;
  cost: number | null;
}

interface Data {
  unit: string;
  scope: string;
  figures: Figure[];
  times: { start: number[]; width: number; requests: number[]; errors: number[] };
  charts: { time: Spec; ms: Spec };
  latencies: { low_ms: number[]; high_ms: number[]; requests: number[] };
  groups: { title: string; others: number; rows: Group[] }[];
  store: {
    name: string;
    counts: Record<string, number>;
    formats: { format: string; files: number; spans: number; rejected: number }[];
    rejected: number;
    rejects: { reason: string; records: number; file: string; position: string }[];
  };
}

function Stats({ figures }: { figures: Figure[] }) {
  return (
    <dl class="stats">
      {figures.map(({ name, value, unit, course, note }, i) => {
        const failing = unit === "share" && (value ?? 0) > 0;
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <span
                class={failing ? "value num error" : "value num"}
                {...(i === 0 ? { "data-ls": "count", "data-value": value ?? 0 } : {})}
              >
                {unit === "" && (value ?? 0) < 1e6 ? count(value) : format(value, unit)}
              </span>
              <Sparkline values={course} failing={failing} />
              {note && <span class="aside">{note}</span>}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function Breakdown({ title, rows, unit }: { title: string; rows: Group[]; unit: string }) {
  const most = Math.max(...rows.map((row) => row.requests), 1);
  return (
    <section class="scroll">
      <table>
        <thead>
          <tr>
            <th>{title}</th>
            <th class="num">{unit}</th>
            <th class="num">failed</th>
            <th class="num">p50</th>
            <th class="num">p95</th>
            <th class="num wide">tokens</th>
            <th class="num wide">cost</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <td>{row.name}</td>
              <td class="num">
                <i class="share" style={{ width: `${(row.requests / most) * 28}px` }} />
                {count(row.requests)}
              </td>
              <td class={row.error_rate > 0 ? "num error" : "num"}>{percent(row.error_rate)}</td>
              <td class="num">{duration(row.p50)}</td>
              <td class="num">{duration(row.p95)}</td>
              <td class="num wide">{compact(row.tokens)}</td>
              <td class="num wide">{money(row.cost)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const NAMES: Record<string, string> = { spans: "span", scores: "score", metrics: "metric point", logs: "log record" };
const plural = (n: number, name: string) => `${count(n)} ${NAMES[name] ?? name}${n === 1 ? "" : "s"}`;

function Holdings({ store }: { store: Data["store"] }) {
  const files = store.formats.reduce((sum, one) => sum + one.files, 0);
  const formats = store.formats.map((one) => one.format).join(", ");
  const counts = Object.entries(store.counts).filter(([name, n]) => n > 0 || name === "spans");
  return (
    <footer class="holdings">
      <p>
        store {store.name} · {count(files)} {files === 1 ? "file" : "files"}
        {formats && ` (${formats})`} · {counts.map(([name, n]) => plural(n, name)).join(" · ")}
      </p>
      {store.rejected > 0 && (
        <details>
          <summary>
            ⚠ {count(store.rejected)} {store.rejected === 1 ? "record" : "records"} could not be read
          </summary>
          <table>
            <thead>
              <tr>
                <th class="num">records</th>
                <th>reason</th>
                <th>first at</th>
              </tr>
            </thead>
            <tbody>
              {store.rejects.map((reject) => (
                <tr key={reject.reason}>
                  <td class="num">{count(reject.records)}</td>
                  <td>{reject.reason}</td>
                  <td>
                    {reject.file}, {reject.position}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </footer>
  );
}

function Overview({ model, data, stage, skin }: { model: Model; data: Data; stage: Stage; skin: number }) {
  const { unit, times, latencies } = data;
  const [head = "", ...rest] = data.scope.split(", ");
  const starts = times.start;
  const byTime = starts.map((x0, i) => ({
    x0,
    x1: x0 + times.width,
    all: times.requests[i]!,
    n: times.requests[i]!,
    bad: times.errors[i]!,
  }));
  const byLatency = latencies.low_ms.map((x0, i) => ({
    x0,
    x1: latencies.high_ms[i]!,
    all: latencies.requests[i]!,
    n: latencies.requests[i]!,
    bad: 0,
  }));
  return (
    <div class="overview">
      <h2>
        <b>{head}</b>
        {rest.length > 0 && ` · ${rest.join(", ")}`}
      </h2>
      <Stats figures={data.figures} />
      {times.start.length > 0 && <Findings model={model} />}
      <div class="pair">
        {byTime.length > 0 && (
          <section>
            <h3>
              {unit} over time, UTC
              <span class="keys">
                <span>
                  <i style={{ background: "var(--ls-error)" }} />
                  failed
                </span>
              </span>
            </h3>
            <BinChart
              name="time"
              spec={data.charts.time}
              unit="time"
              label={`${unit} over time`}
              bins={byTime}
              tell={(code) => [
                minute(byTime[code]!.x0),
                `${count(byTime[code]!.n)} ${unit}`,
                `${count(byTime[code]!.bad)} failed`,
              ]}
              height={110}
              stage={stage}
              skin={skin}
            />
          </section>
        )}
        {byLatency.length > 0 && (
          <section>
            <h3>
              latency <small>logarithmic</small>
            </h3>
            <BinChart
              name="latency"
              spec={data.charts.ms}
              unit="ms"
              label="Latency histogram"
              bins={byLatency}
              tell={(code) => [
                `${duration(byLatency[code]!.x0)} to ${duration(byLatency[code]!.x1)}`,
                `${count(byLatency[code]!.n)} ${unit}`,
              ]}
              height={110}
              stage={stage}
              skin={skin}
            />
          </section>
        )}
      </div>
      <div class="breakdowns">
        {data.groups.map((group) => (
          <Breakdown key={group.title} title={group.title} rows={group.rows} unit={unit} />
        ))}
      </div>
      <Holdings store={data.store} />
    </div>
  );
}

export const overview: Widget = {
  render: (props) => {
    const data = json<Data | null>(props.model.get<Bytes>("data"), null);
    return mount(
      props,
      "overview",
      chartCss + css,
      (stage, skin) => data && <Overview model={props.model} data={data} stage={stage} skin={skin} />,
    );
  },
};
