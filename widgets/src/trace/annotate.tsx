/** What people said of a trace or of a span, and where to say it. */
import { useRef, useState } from "preact/hooks";
import { type Mark, markOf, NOTE, type Review, said, THUMBS, thumb } from "./marks";

const SHAPE =
  "M6 21H3V10h3zm2-11 4-8c1.4 0 2.3 1 2.3 2.4L13.6 9H19c1.3 0 2.2 1.2 1.9 2.4l-1.8 7.4c-.3 1.3-1.3 2.2-2.6 2.2H8z";

export function Thumb({ up }: { up: boolean }) {
  return (
    <svg class="thumb" viewBox="0 0 24 24" aria-hidden="true">
      <path d={SHAPE} transform={up ? undefined : "rotate(180 12 12)"} />
    </svg>
  );
}

/** The marks of a trace in a few signs, for a row of a list. */
export function Signs({ marks }: { marks: Mark[] | undefined }) {
  const given = marks ?? [];
  const thumbs = markOf(given, THUMBS);
  const rest = given.filter((mark) => mark !== thumbs);
  if (!given.length) return null;
  return (
    <span class="signs" title={given.map((mark) => `${mark.name}: ${said(mark)}`).join("\n")}>
      {thumbs && (
        <span class={thumbs.value ? "ok" : "error"}>
          <Thumb up={Boolean(thumbs.value)} />
          <span class="sr">{thumbs.value ? "thumbs up" : "thumbs down"}</span>
        </span>
      )}
      {rest.length > 0 && <span class="muted">{rest.map((mark) => mark.label ?? mark.name).join(", ")}</span>}
    </span>
  );
}

interface Props {
  trace: string;
  review: Review;
  /** The span that is selected, which may be judged instead of the whole trace. */
  span: { id: string; name: string } | null;
}

function Shown({ marks, names }: { marks: Mark[]; names: (span: string) => string }) {
  return (
    <ul class="given">
      {marks.map((mark) => (
        <li key={`${mark.name} ${mark.span_id}`}>
          <b>{mark.name}</b> {said(mark)}
          {mark.span_id && <span class="muted"> · {names(mark.span_id)}</span>}
        </li>
      ))}
    </ul>
  );
}

export function Annotate({ trace, review, span, names }: Props & { names: (span: string) => string }) {
  const [whole, setWhole] = useState(true);
  const [name, setName] = useState("label");
  const [value, setValue] = useState("");
  const note = useRef<HTMLTextAreaElement>(null);
  const marks = review.marks[trace] ?? [];
  const target = whole || !span ? null : span.id;
  const thumbs = markOf(marks, THUMBS, target);
  const written = markOf(marks, NOTE, target)?.note ?? "";
  if (!review.live) return marks.length ? <Shown marks={marks} names={names} /> : null;

  const press = (up: boolean) => {
    const same = thumbs && Boolean(thumbs.value) === up;
    review.give(trace, same ? { span_id: target, name: THUMBS } : thumb(up, target));
  };
  const save = () => {
    const text = value.trim();
    if (!text || !name.trim()) return;
    const number = Number(text);
    const given = Number.isFinite(number) ? { value: number } : { label: text };
    review.give(trace, { span_id: target, name: name.trim(), ...given });
    setValue("");
  };
  const keep = () => {
    const text = note.current!.value.trim();
    if (text !== written) review.give(trace, { span_id: target, name: NOTE, note: text });
  };
  const others = marks.filter((mark) => !([THUMBS, NOTE].includes(mark.name) && (mark.span_id ?? null) === target));
  return (
    <section class="annotate" aria-label="Annotate" data-ls="annotate">
      <div class="line">
        {([true, false] as const).map((up) => (
          <button
            key={String(up)}
            type="button"
            class={`ls-push ${up ? "up" : "down"}`}
            aria-pressed={thumbs !== undefined && Boolean(thumbs.value) === up}
            aria-label={up ? "Thumbs up" : "Thumbs down"}
            title={up ? "Thumbs up  u" : "Thumbs down  d"}
            onClick={() => press(up)}
          >
            <Thumb up={up} />
          </button>
        ))}
        <textarea
          key={`${target} ${written}`}
          ref={note}
          rows={1}
          data-ls="note"
          placeholder="Write a note (n)"
          aria-label="Note"
          title="Enter saves, Shift+Enter begins a line, Escape goes back"
          onBlur={keep}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey) {
              event.preventDefault();
              keep();
            } else if (event.key === "Escape") note.current!.value = written;
            else return;
            event.stopPropagation();
            const root = event.currentTarget.closest<HTMLElement>(".explorer.trace");
            root?.querySelector<HTMLElement>("[role=tree]")?.focus();
          }}
        >
          {written}
        </textarea>
        <form
          class="score"
          onSubmit={(event) => {
            event.preventDefault();
            save();
          }}
        >
          <input
            value={name}
            aria-label="Name of the score"
            onInput={(event) => setName(event.currentTarget.value)}
            size={8}
          />
          <input
            value={value}
            aria-label="Label or number"
            placeholder="label or number"
            onInput={(event) => setValue(event.currentTarget.value)}
            size={13}
          />
          <button type="submit" class="ls-push" disabled={!value.trim() || !name.trim()}>
            Add
          </button>
        </form>
        {span && (
          <select
            aria-label="What is judged"
            value={whole ? "trace" : "span"}
            onChange={(event) => setWhole(event.currentTarget.value === "trace")}
          >
            <option value="trace">the trace</option>
            <option value="span">the span {span.name.slice(0, 40)}</option>
          </select>
        )}
        <button
          type="button"
          class="ls-push"
          title="Undo  z"
          disabled={review.undoable === 0}
          onClick={() => review.undo()}
        >
          Undo
        </button>
      </div>
      {others.length > 0 && <Shown marks={others} names={names} />}
      {review.problem && (
        <p class="error" role="alert">
          {review.problem}
        </p>
      )}
    </section>
  );
}
