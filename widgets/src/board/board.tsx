/** The linked board: brush one chart and all the others count what is left. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Model, Widget } from "../afm";
import { ask } from "../ask";
import { type Bytes, buffer } from "../bytes";
import { BinChart } from "../chart/binchart";
import chartCss from "../chart/binchart.css";
import type { Bin } from "../chart/bins";
import { count, duration, minute } from "../format";
import { mount, type Stage } from "../shell";
import { Bars } from "./bars";
import css from "./board.css";
import { type Axis, Crossfilter, edge, type Meta, quantile, type Result } from "./cube";
import { type Brush, conditions, passes } from "./filter";
import { type Figures, Strip } from "./strip";

type BoardMeta = Meta & { figures: Figures; scope: string };

/** How long a brush rests before Python hears of it and is asked for exact figures. */
const REST_MS = 300;

const binEdge = (axis: Axis, code: number) =>
  axis.kind === "time" ? axis.start! + code * axis.width! : edge(axis, code);

function bins(axis: Axis, all: Float64Array, now: Float64Array, failed?: Float64Array): Bin[] {
  return Array.from({ length: axis.size - 1 }, (_, code) => ({
    x0: binEdge(axis, code),
    x1: binEdge(axis, code + 1),
    all: all[code]!,
    n: now[code]!,
    bad: failed?.[code] ?? 0,
  }));
}

function estimated(axes: Axis[], result: Result, filter: Crossfilter): Figures {
  const at = axes.findIndex((axis) => axis.kind === "latency");
  const p = (share: number) => quantile(axes[at]!, result.hist[at]!, share, filter.passing(at));
  return { ...result, p50: p(0.5), p95: p(0.95), p99: p(0.99) };
}

const empty = (brush: Brush) => !Object.values(brush).some((codes) => codes.length);

function Board({ model, stage, skin }: { model: Model; stage: Stage; skin: number }) {
  const [meta] = useState(() => model.get<BoardMeta>("meta"));
  const [filter] = useState(() => new Crossfilter(meta, buffer(model.get<Bytes>("cells"))));
  const [whole] = useState(() => filter.result());
  const [brush, setBrush] = useState<Brush>(() => model.get<Brush>("brush") ?? {});
  const [exact, setExact] = useState<Figures | null>(null);
  const said = useRef(JSON.stringify(brush));

  const result = useMemo(() => {
    const before = performance.now();
    meta.axes.forEach((axis, i) => {
      filter.filter(i, passes(axis, brush[axis.key]));
    });
    const found = filter.result();
    stage.root.dataset.ms = (performance.now() - before).toFixed(2);
    return found;
  }, [brush, filter, meta, stage]);

  const change = (key: string, codes: number[] | undefined) => {
    const { [key]: _, ...rest } = brush;
    setExact(null);
    setBrush(codes?.length ? { ...rest, [key]: codes } : rest);
  };
  const clear = () => {
    setExact(null);
    setBrush({});
  };

  useEffect(() => {
    let gone = false;
    const text = JSON.stringify(brush);
    const rest = setTimeout(() => {
      if (text !== said.current) {
        said.current = text;
        model.set("brush", brush);
        model.save_changes();
      }
      if (empty(brush)) return;
      // Without a kernel nobody answers, and the figures stay interpolated.
      ask<Figures>(model, "figures", { brush }).then(
        (figures) => gone || setExact(figures),
        () => undefined,
      );
    }, REST_MS);
    return () => {
      gone = true;
      clearTimeout(rest);
    };
  }, [brush, model]);

  useEffect(() => {
    const told = () => {
      const next = model.get<Brush>("brush") ?? {};
      const text = JSON.stringify(next);
      if (text === said.current) return;
      said.current = text;
      setExact(null);
      setBrush(next);
    };
    model.on("change:brush", told);
    return () => model.off("change:brush", told);
  }, [model]);

  const none = empty(brush);
  const figures = none ? meta.figures : (exact ?? estimated(meta.axes, result, filter));
  const texts = conditions(meta.axes, brush);
  const chart = (axis: Axis) => {
    const i = meta.axes.indexOf(axis);
    const time = axis.kind === "time";
    const range = brush[axis.key];
    const known = binEdge(axis, axis.size - 1);
    return (
      <BinChart
        kind={time ? "time" : "latency"}
        label={time ? "Time range" : "Latency range"}
        bins={bins(axis, whole.hist[i]!, result.hist[i]!, time ? result.failed : undefined)}
        domain={[binEdge(axis, 0), known]}
        height={120}
        stage={stage}
        skin={skin}
        brush={range ? [range[0]!, range[1]!] : undefined}
        onBrush={(next) => change(axis.key, next)}
        say={(first, last) =>
          time
            ? `${minute(binEdge(axis, first))} to ${minute(binEdge(axis, last + 1))} UTC`
            : `${duration(binEdge(axis, first))} to ${duration(binEdge(axis, last + 1))}`
        }
      />
    );
  };
  const [time, latency] = [meta.axes.find((a) => a.kind === "time")!, meta.axes.find((a) => a.kind === "latency")!];
  const unknown = (axis: Axis) => whole.hist[meta.axes.indexOf(axis)]![axis.size - 1]!;
  const notes = [
    unknown(time) ? `${count(unknown(time))} ${meta.unit} without a time` : "",
    unknown(latency) ? `${count(unknown(latency))} without a duration` : "",
  ].filter(Boolean);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape clears from anywhere inside
    <div
      class="board"
      onKeyDown={(event) => {
        if (event.key === "Escape" && !none) clear();
      }}
    >
      <Strip unit={meta.unit} total={whole.count} figures={figures} rough={!none && !exact} />
      <div class="filter">
        <code>
          {none ? (
            <span class="muted">{meta.scope} · drag over a chart or click a bar to select</span>
          ) : (
            <>
              <span class="where">where</span> {texts.join(" and ")}
            </>
          )}
        </code>
        <button type="button" class="ls-push" disabled={none} onClick={clear} title="Clear the selection (Esc)">
          clear
        </button>
      </div>
      <div class="pair">
        <section>
          <h3>
            {meta.unit} over time, UTC
            <span class="keys">
              <span>
                <i style={{ background: "var(--ls-bar)" }} />
                selected
              </span>
              <span>
                <i style={{ background: "var(--ls-error)" }} />
                failed
              </span>
              <span>
                <i style={{ background: "var(--ls-rest)" }} />
                all
              </span>
            </span>
          </h3>
          {chart(time)}
        </section>
        <section>
          <h3>
            latency <small>logarithmic</small>
          </h3>
          {chart(latency)}
        </section>
      </div>
      <div class="groups">
        {meta.axes.map((axis, i) =>
          axis.kind === "values" ? (
            <Bars
              key={axis.key}
              axis={axis}
              all={whole.hist[i]!}
              now={result.hist[i]!}
              chosen={brush[axis.key] ?? []}
              onChoose={(codes) => change(axis.key, codes)}
            />
          ) : null,
        )}
      </div>
      {notes.length > 0 && <p class="note">{notes.join(", ")}.</p>}
    </div>
  );
}

export const board: Widget = {
  render: (props) =>
    mount(props, "board", chartCss + css, (stage, skin) => <Board model={props.model} stage={stage} skin={skin} />),
};
