/** The linked board: brush one chart and all the others count what is left. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Model, Widget } from "../afm";
import { type Bytes, buffer } from "../bytes";
import chartCss from "../chart/binchart.css";
import type { Spec } from "../chart/vega";
import { compact, count, duration, percent } from "../format";
import foundCss from "../found/found.css";
import { mount, type Stage } from "../shell";
import { typing } from "../trace/keys";
import { Bars } from "./bars";
import css from "./board.css";
import { type Brushing, empty, useBrush } from "./brush";
import { type Axis, Crossfilter, type Meta } from "./cube";
import { Explain } from "./explain";
import { estimated, type Figures, without } from "./figures";
import { type Brush, passes } from "./filter";
import { written } from "./history";
import { Panel } from "./panel";
import { Requests } from "./requests";
import { Strip } from "./strip";
import { Tools } from "./tools";

export interface BoardMeta extends Meta {
  figures: Figures;
  scope: string;
  /** Axes on which cells are placed by a sample of their rows. */
  sampled: string[];
  /** The charts as Altair drew them, by the unit of their axis. */
  charts: Record<string, Spec>;
}

/** Heights of the two large charts and of the small ones, in pixels. */
const [LARGE, SMALL] = [120, 84];

function Legend({ compare, failed }: { compare: boolean; failed: boolean }) {
  const key = (color: string, text: string) => (
    <span>
      <i style={{ background: `var(--ls-${color})` }} />
      {text}
    </span>
  );
  return (
    <span class="keys">
      {key("bar", compare ? "selection" : "selected")}
      {failed && !compare && key("error", "failed")}
      {key("rest", compare ? "rest" : "all")}
    </span>
  );
}

/** A trait that the page and Python share. */
function useShared(model: Model, name: string): [boolean, (value: boolean) => void] {
  const [value, setValue] = useState(() => model.get<boolean>(name) ?? false);
  useEffect(() => {
    const heard = () => setValue(model.get<boolean>(name));
    model.on(`change:${name}`, heard);
    return () => model.off(`change:${name}`, heard);
  }, [model, name]);
  const set = (next: boolean) => {
    setValue(next);
    model.set(name, next);
    model.save_changes();
  };
  return [value, set];
}

/** What a key does on the board; undefined where it is no key of it. */
function action(
  event: KeyboardEvent,
  brushing: Brushing,
  toggles: Record<string, () => void>,
): (() => void) | undefined {
  if (event.altKey || typing(event)) return undefined;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) return key === "z" ? (event.shiftKey ? brushing.redo : brushing.undo) : undefined;
  if (event.key === "Escape") return empty(brushing.brush) ? undefined : brushing.clear;
  return { u: brushing.undo, r: brushing.redo, ...toggles }[key];
}

function Board({ model, stage, skin }: { model: Model; stage: Stage; skin: number }) {
  const [meta] = useState(() => model.get<BoardMeta>("meta"));
  const [filter] = useState(() => new Crossfilter(meta, buffer(model.get<Bytes>("cells"))));
  const [whole] = useState(() => filter.result());
  const [wanted, setCompare] = useShared(model, "compare");
  const [table, setTable] = useState(false);
  const [listed, setListed] = useState(false);
  const [explained, setExplained] = useState<Brush | null>(null);
  const brushing = useBrush(model, wanted);
  const { brush, kept, exact, still, change } = brushing;
  const none = empty(brush);
  const compare = wanted && !none;

  const stale = explained !== null && written(explained) !== written(brush);
  const explain = () => setExplained(none || (explained && !stale) ? null : brush);

  const result = useMemo(() => {
    meta.axes.forEach((axis, i) => {
      filter.filter(i, passes(axis, brush[axis.key]));
    });
    return filter.result();
  }, [brush, filter, meta]);
  const rest = useMemo(() => (compare ? without(whole, result) : null), [compare, whole, result]);

  const figures = none ? meta.figures : (exact?.part ?? estimated(meta.axes, result));
  const others = rest && (exact?.rest ?? estimated(meta.axes, rest));
  const rough = !none && !exact;
  const sampled = meta.sampled.filter((key) => brush[key]?.length);

  const panel = (axis: Axis, height: number) => {
    const i = meta.axes.indexOf(axis);
    const time = axis.kind === "time";
    const unknown = whole.inside[i]![axis.size - 1]!;
    return (
      <section key={axis.key}>
        <h3>
          {time ? `${meta.unit} over time, UTC` : axis.title}
          <small>
            {[time ? "" : "logarithmic", unknown ? `${compact(unknown)} unknown` : ""].filter(Boolean).join(" · ")}
          </small>
          {time && <Legend compare={compare} failed={whole.errors > 0} />}
        </h3>
        <Panel
          axis={axis}
          unit={meta.unit}
          spec={meta.charts[axis.unit!]!}
          height={height}
          all={(rest ?? whole).inside[i]!}
          now={(rest ? result.inside : result.hist)[i]!}
          failed={time ? result.failed : undefined}
          compare={compare}
          table={table}
          brush={brush[axis.key]}
          onBrush={(next) => change(axis.key, next)}
          stage={stage}
          skin={skin}
        />
      </section>
    );
  };
  if (!whole.count) {
    return (
      <div class="board">
        <p class="none">
          <b data-ls="count" data-value={0}>
            No {meta.unit} to show
          </b>
          <span class="muted"> · {meta.scope}</span>
        </p>
      </div>
    );
  }
  const ranges = meta.axes.filter((axis) => axis.kind !== "values");
  const status = `${count(figures.count)} of ${count(whole.count)} ${meta.unit} selected, ${percent(
    figures.count ? figures.errors / figures.count : null,
  )} failed, p95 ${duration(figures.p95)}.`;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys that rise from what has the focus inside
    <div
      class="board"
      onKeyDown={(event) => {
        const toggles = {
          c: () => setCompare(!wanted),
          e: explain,
          t: () => setTable(!table),
          l: () => setListed(!listed),
        };
        const act = action(event, brushing, toggles);
        if (!act) return;
        event.preventDefault();
        act();
      }}
    >
      <Strip
        unit={meta.unit}
        total={whole.count}
        figures={figures}
        rest={others}
        streamed={meta.axes.some((axis) => axis.key === "ttft")}
        rough={rough}
        sampled={rough && sampled.length > 0}
      />
      <Tools
        axes={meta.axes}
        unit={meta.unit}
        scope={meta.scope}
        brushing={brushing}
        compare={wanted}
        onCompare={setCompare}
        table={table}
        onTable={setTable}
        listed={listed}
        onListed={setListed}
        explained={explained !== null}
        onExplain={explain}
      />
      <p class="sr" role="status">
        {still && !none ? status : ""}
      </p>
      <div class="pair">{ranges.slice(0, 2).map((axis) => panel(axis, LARGE))}</div>
      {ranges.length > 2 && <div class="small">{ranges.slice(2).map((axis) => panel(axis, SMALL))}</div>}
      <div class="groups">
        {meta.axes.map((axis, i) =>
          axis.kind === "values" ? (
            <Bars
              key={axis.key}
              axis={axis}
              all={(rest ?? whole).inside[i]!}
              now={(rest ? result.inside : result.hist)[i]!}
              compare={compare}
              chosen={brush[axis.key] ?? []}
              onChoose={(codes) => change(axis.key, codes)}
            />
          ) : null,
        )}
      </div>
      {meta.sampled.length > 0 && (
        <p class="note">
          {count(meta.cells)} cells stand for {count(whole.count)} {meta.unit}:{" "}
          {meta.axes
            .filter((axis) => meta.sampled.includes(axis.key))
            .map((axis) => axis.title)
            .join(", ")}{" "}
          are drawn from a sample of each cell's {meta.unit}, all else is counted.
        </p>
      )}
      {explained && (
        <Explain
          key={written(explained)}
          model={model}
          brush={explained}
          stale={stale && !none}
          onNarrow={(narrower) => {
            for (const [key, codes] of Object.entries(narrower)) change(key, codes);
          }}
          onAgain={explain}
          onClose={() => setExplained(null)}
        />
      )}
      {listed && <Requests model={model} brush={kept} unit={meta.unit} />}
    </div>
  );
}

export const board: Widget = {
  render: (props) =>
    mount(props, "board", chartCss + foundCss + css, (stage, skin) => (
      <Board model={props.model} stage={stage} skin={skin} />
    )),
};
