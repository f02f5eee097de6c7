/** The map of texts: lasso a region, or choose in the legend, and have it as a scope. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Model, Widget } from "../afm";
import { ask } from "../ask";
import { type Bytes, buffer, json } from "../bytes";
import { count, noun, percent } from "../format";
import { mount, type Stage } from "../shell";
import { FEW, SHARES } from "./contour";
import { Legend, nameOf } from "./legend";
import css from "./map.css";
import { colours } from "./palette";
import { type Mode, Plot } from "./plot";
import { type Brush, counts, type Meta, points, select } from "./points";

const HOVER_MS = 150;

interface Told {
  text: string;
  trace_id?: string;
}

const empty = (brush: Brush) => !Object.values(brush).some((part) => part?.length);

function Map_({ model, stage, skin }: { model: Model; stage: Stage; skin: number }) {
  const [meta] = useState(() => model.get<Meta>("meta"));
  const [all] = useState(() => points(meta, buffer(model.get<Bytes>("points"))));
  const [texts] = useState(() => json<string[]>(model.get("texts"), []));
  const [brush, setBrush] = useState<Brush>(() => model.get<Brush>("brush") ?? {});
  const [by, setBy] = useState(0);
  const [mode, setMode] = useState<Mode>("lasso");
  const [hover, setHover] = useState({ point: -1, x: 0, y: 0 });
  const [pointed, setPointed] = useState(-1);
  const [picked, setPicked] = useState(-1);
  const [told, setTold] = useState<Record<number, Told>>({});
  const said = useRef(JSON.stringify(brush));

  const chosen = useMemo(() => {
    const before = performance.now();
    const found = select(meta, all, brush);
    stage.root.dataset.ms = (performance.now() - before).toFixed(1);
    return found;
  }, [meta, all, brush, stage]);
  const colouring = meta.colours[by]!;
  const codes = all.codes[by]!;
  const inks = useMemo(() => colours(colouring, meta.topics), [colouring, meta]);
  const [whole, now] = useMemo(
    () => [counts(codes, null, colouring.labels.length), counts(codes, chosen, colouring.labels.length)],
    [codes, chosen, colouring],
  );
  const selected = chosen ? now.reduce((sum, n) => sum + n, 0) : all.count;

  const codesOf = (key: string) => all.codes[meta.colours.findIndex((one) => one.key === key)] ?? null;
  const [regions, regionNames] = useMemo(
    () => [codesOf("region"), meta.colours.find((one) => one.key === "region")?.labels ?? []],
    [meta, all],
  );
  const first = useMemo(
    () => [...((brush.topic as number[] | undefined) ?? []), ...(colouring.key === "topic" ? [pointed] : [])],
    [brush, colouring, pointed],
  );
  const grounds = colouring.key === "window" || colouring.key === "region" ? codesOf("window") : null;
  const own = inks.filter((_, code) => colouring.labels[code] !== null);
  const shared = new Set(own).size < own.length;

  // Before anything is painted: what is selected matters more than how it looks.
  useLayoutEffect(() => {
    const text = JSON.stringify(brush);
    if (text === said.current) return;
    said.current = text;
    model.set("brush", brush);
    model.save_changes();
  }, [brush, model]);
  useEffect(() => {
    const heard = () => {
      const next = model.get<Brush>("brush") ?? {};
      const text = JSON.stringify(next);
      if (text === said.current) return;
      said.current = text;
      setBrush(next);
    };
    model.on("change:brush", heard);
    return () => model.off("change:brush", heard);
  }, [model]);

  // What is not embedded Python is asked for, once the pointer rests; without a kernel nobody answers.
  const wanted = picked >= 0 ? picked : hover.point;
  useEffect(() => {
    if (wanted < 0 || told[wanted] || (picked < 0 && wanted < texts.length)) return;
    const timer = setTimeout(() => {
      ask<Told>(model, "point", { number: wanted }).then(
        (answer) => setTold((known) => ({ ...known, [wanted]: answer })),
        () => undefined,
      );
    }, HOVER_MS);
    return () => clearTimeout(timer);
  }, [wanted, picked, told, texts, model]);

  const change = (key: string, part: Brush[string]) => {
    const { [key]: _, ...others } = brush;
    setBrush(part?.length ? { ...others, [key]: part } : others);
  };
  const facts = (point: number) => meta.colours.map((one, i) => [one.key, nameOf(one, all.codes[i]![point]!)] as const);
  const textOf = (point: number) => told[point]?.text ?? texts[point];
  const zoom = (factor: number) => stage.root.dispatchEvent(new CustomEvent("ls-zoom", { detail: factor }));

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape clears from anywhere inside
    <div
      class="map"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        if (picked >= 0) setPicked(-1);
        else setBrush({});
      }}
    >
      <div class="head">
        <p class="sum">
          <span class="num" data-ls="count" data-value={selected}>
            {count(selected)}
          </span>{" "}
          <span class="muted" aria-live="polite">
            {chosen
              ? `of ${count(all.count)} ${noun(meta.unit, all.count)} selected, ${percent(selected / Math.max(all.count, 1))}`
              : meta.scope}
          </span>
        </p>
        <div class="buttons">
          {(["lasso", "move"] as const).map((name) => (
            <button
              type="button"
              key={name}
              class="ls-push"
              aria-pressed={mode === name}
              title={name === "lasso" ? "Drag draws around points (L)" : "Drag moves the map (M)"}
              onClick={() => setMode(name)}
            >
              {name}
            </button>
          ))}
          <button type="button" class="ls-push" aria-label="Zoom in" title="Zoom in (+)" onClick={() => zoom(1.5)}>
            +
          </button>
          <button
            type="button"
            class="ls-push"
            aria-label="Zoom out"
            title="Zoom out (−)"
            onClick={() => zoom(1 / 1.5)}
          >
            −
          </button>
          <button type="button" class="ls-push" title="Show all of the map (0)" onClick={() => zoom(0)}>
            fit
          </button>
          <button
            type="button"
            class="ls-push"
            disabled={empty(brush)}
            title="Clear the selection (Esc)"
            onClick={() => setBrush({})}
          >
            clear
          </button>
        </div>
      </div>
      {all.count === 0 ? (
        <p class="none">No {meta.unit} with a text here.</p>
      ) : (
        <div class="body">
          <Plot
            points={all}
            topics={meta.topics}
            codes={codes}
            inks={inks}
            pointed={first}
            windows={grounds}
            regions={regions}
            regionNames={regionNames}
            chosen={chosen}
            lasso={brush.lasso ?? []}
            mode={mode}
            label={`Map of ${count(all.count)} ${noun(meta.unit, all.count)}. Arrows move it, plus and minus zoom, L lassoes, M moves, 0 shows all; the list beside it selects by keyboard.`}
            stage={stage}
            skin={skin}
            onLasso={(corners) => change("lasso", corners)}
            onHover={(point, x, y) => setHover((was) => (was.point === point ? was : { point, x, y }))}
            onPick={setPicked}
            onMode={setMode}
          />
          <div class="side">
            <label>
              <span class="muted">colour by</span>{" "}
              <select value={by} onChange={(event) => setBy(Number(event.currentTarget.value))}>
                {meta.colours.map((one, i) => (
                  <option key={one.key} value={i}>
                    {one.key}
                  </option>
                ))}
              </select>
            </label>
            <Legend
              colouring={colouring}
              all={whole}
              now={now}
              inks={inks}
              chosen={(brush[colouring.key] as number[] | undefined) ?? []}
              onChoose={(next) => change(colouring.key, next)}
              onPoint={setPointed}
            />
            {shared && (
              <p class="note muted">
                Colours are used again: neighbours differ, but a colour is not one {colouring.key} alone. Point at a
                name to see where it is.
              </p>
            )}
          </div>
        </div>
      )}
      {picked >= 0 && (
        <section class="card" data-ls="card" aria-label="Selected point">
          <button type="button" class="ls-push close" aria-label="Close" onClick={() => setPicked(-1)}>
            ×
          </button>
          <p class="text">{textOf(picked) ?? "Its text is not in this file."}</p>
          <p class="facts">
            {facts(picked).map(([key, value]) => (
              <span key={key}>
                <b>{key}</b> {value}
              </span>
            ))}
            {told[picked]?.trace_id && (
              <span>
                <b>trace</b> <code>{told[picked]!.trace_id}</code>
              </span>
            )}
          </p>
        </section>
      )}
      {hover.point >= 0 && picked < 0 && (
        <div class="tip" style={tipPlace(hover.x, hover.y)}>
          {textOf(hover.point) && <div>{textOf(hover.point)!.slice(0, 200)}</div>}
          <div>
            <b>topic</b>
            {facts(hover.point).find(([key]) => key === "topic")?.[1]}
          </div>
          {colouring.key !== "topic" && (
            <div>
              <b>{colouring.key}</b>
              {facts(hover.point)[by]![1]}
            </div>
          )}
        </div>
      )}
      <Topics meta={meta} all={all.codes[meta.colours.findIndex((one) => one.key === "topic")]} chosen={chosen} />
      {all.count >= FEW && !grounds && (
        <p class="note muted">Thin lines hold {SHARES.map((share) => share * 100).join(", ")} % of the points.</p>
      )}
      {meta.notes.map((note) => (
        <p class="note muted" key={note}>
          {note}
        </p>
      ))}
      <div class="sr">{meta.summary ?? model.get<string>("summary")}</div>
    </div>
  );
}

const tipPlace = (x: number, y: number) => ({
  left: `${Math.max(4, Math.min(x + 14, innerWidth - 354))}px`,
  ...(y > innerHeight - 120 ? { bottom: `${innerHeight - y + 12}px` } : { top: `${y + 16}px` }),
});

function Topics({ meta, all, chosen }: { meta: Meta; all: Uint8Array | undefined; chosen: Uint8Array | null }) {
  const [open, setOpen] = useState(false);
  const now = useMemo(() => (open && all ? counts(all, chosen, meta.topics.length) : []), [open, all, chosen, meta]);
  if (!meta.topics.length || !all) return null;
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Topics, {meta.topics.length}</summary>
      <div class="rows">
        <table>
          <thead>
            <tr>
              <th>topic</th>
              <th class="num">{meta.unit}</th>
              <th class="num">selected</th>
              <th class="num">share</th>
              <th>such as</th>
            </tr>
          </thead>
          <tbody>
            {meta.topics.map((topic, i) => (
              <tr key={topic.name}>
                <td>{topic.name}</td>
                <td class="num">{count(topic.count)}</td>
                <td class="num">{count(now[i])}</td>
                <td class="num">{percent(topic.count / meta.count)}</td>
                <td>{topic.example}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

export const map: Widget = {
  render: (props) => mount(props, "map", css, (stage, skin) => <Map_ model={props.model} stage={stage} skin={skin} />),
};
