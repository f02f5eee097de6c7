/** One chart of ours, drawn without a network, with its data and its words. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { View } from "vega";
import type { Model, Widget } from "../afm";
import { json } from "../bytes";
import { draw, type Spec } from "../chart/vega";
import { mount, type Stage } from "../shell";
import { palette } from "../theme";
import { type Frame, NO_ROWS, Rows } from "./data";
import css from "./picture.css";

const NARROWEST = 260;

const containerWidth = (spec: Spec) =>
  spec.signals?.some((signal) => signal.name === "width" && JSON.stringify(signal).includes("containerSize")) ?? false;

/** The width that a plotting area should have in its place: all of it, or its own as far as there is room. */
function fitting(spec: Spec, view: View, box: HTMLElement): number {
  if (containerWidth(spec)) return box.clientWidth;
  const beside = (box.querySelector("canvas")?.clientWidth ?? 0) - view.width();
  return Math.max(NARROWEST, Math.min(spec.width as number, box.clientWidth - beside));
}

function Plot({ spec, stage, skin, label }: { spec: Spec; stage: Stage; skin: number; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const gone = new AbortController();
    const element = box.current!;
    element.replaceChildren();
    draw(spec, element, stage.root, palette(stage.root), gone.signal)
      .then((view) => {
        if (gone.signal.aborted || !(containerWidth(spec) || typeof spec.width === "number")) return;
        const sizes = new ResizeObserver(() => {
          const width = fitting(spec, view, element);
          if (element.clientWidth > 0 && width !== view.width()) view.width(width).resize().runAsync();
        });
        sizes.observe(element);
        gone.signal.addEventListener("abort", () => sizes.disconnect());
      })
      .catch((error) => setProblem(String(error)));
    return () => gone.abort();
  }, [spec, skin, stage]);
  return (
    <>
      <div class="plot" ref={box} role="img" aria-label={label} />
      {problem && <p class="error">This chart cannot be drawn: {problem}</p>}
    </>
  );
}

function Picture({ model, stage, skin }: { model: Model; stage: Stage; skin: number }) {
  const [spec] = useState(() => json<Spec>(model.get("spec"), {}));
  const [frame] = useState(() => json<Frame>(model.get("table"), NO_ROWS));
  const summary = model.get<string>("summary");
  return (
    <div class="picture">
      <Plot spec={spec} stage={stage} skin={skin} label={summary.split("\n")[0] ?? "chart"} />
      <div class={model.get("told") ? "words" : "sr"}>{summary}</div>
      {frame.columns.length > 0 && <Rows frame={frame} />}
    </div>
  );
}

export const picture: Widget = {
  render: (props) =>
    mount(props, "picture", css, (stage, skin) => <Picture model={props.model} stage={stage} skin={skin} />),
};
