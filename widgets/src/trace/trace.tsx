/** The trace widget: an explorer of one trace, and of the others of its session. */
import { useMemo, useState } from "preact/hooks";
import type { Model, Widget } from "../afm";
import { ask } from "../ask";
import { type Bytes, json } from "../bytes";
import { mount } from "../shell";
import type { Detail } from "./detail";
import type { File } from "./download";
import { type Asker, Explorer, type TraceData } from "./explorer";
import { useReview } from "./marks";
import type { Conversation } from "./session";
import type { Alike } from "./similar";
import css from "./trace.css";

/** Reading a model, or embedding for a few seconds, takes longer than a question does. */
export const PATIENT = 180_000;

export const askerOf = (model: Model): Asker => ({
  span: (trace, span) => ask<Detail>(model, "span", { trace_id: trace, span_id: span }),
  find: (trace, text) => ask<string[]>(model, "find", { trace_id: trace, text }),
  session: (session) => ask<Conversation>(model, "session", { session_id: session }),
  similar: (trace) => ask<Alike>(model, "similar", { trace_id: trace }, PATIENT),
  embed: () => ask<{ left: number }>(model, "embed", {}, PATIENT).then(({ left }) => left),
  file: (trace, format) => ask<File>(model, "file", { trace_id: trace, format }),
});

function One({ model, data, skin }: { model: Model; data: TraceData; skin: number }) {
  const [path, setPath] = useState([data]);
  const open = path[path.length - 1]!;
  const [problem, setProblem] = useState("");
  const asker = useMemo(() => askerOf(model), [model]);
  const id = open.meta.trace_id;
  const embedded = useMemo(() => ({ [id]: open.meta.marks ?? [] }), [id, open.meta.marks]);
  const review = useReview(model, embedded);
  const go = (trace: string) => {
    setProblem("");
    ask<TraceData>(model, "trace", { trace_id: trace }).then(
      (found) => setPath([...path, found]),
      () => setProblem("That request is not embedded here; run the cell to open it."),
    );
  };
  return (
    <>
      <Explorer
        key={id}
        data={open}
        asker={asker}
        review={review}
        skin={skin}
        onOpen={go}
        onBack={path.length > 1 ? () => setPath(path.slice(0, -1)) : undefined}
      />
      {problem && (
        <p class="muted" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

export const trace: Widget = {
  render: (props) => {
    const data = json<TraceData | null>(props.model.get<Bytes>("data"), null);
    return mount(props, "trace", css, (_, skin) => data && <One model={props.model} data={data} skin={skin} />);
  },
};
