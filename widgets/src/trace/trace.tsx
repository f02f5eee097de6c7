/** The trace widget: an explorer of one trace. */
import type { Model, Widget } from "../afm";
import { ask } from "../ask";
import { type Bytes, json } from "../bytes";
import { mount } from "../shell";
import type { Detail } from "./detail";
import { type AskSpan, Explorer, type TraceData } from "./explorer";
import css from "./trace.css";

export const spanAsker =
  (model: Model): AskSpan =>
  (trace, span) =>
    ask<Detail>(model, "span", { trace_id: trace, span_id: span });

export const trace: Widget = {
  render: (props) => {
    const data = json<TraceData | null>(props.model.get<Bytes>("data"), null);
    const asker = spanAsker(props.model);
    return mount(props, "trace", css, () => data && <Explorer data={data} askSpan={asker} />);
  },
};
