/** Everything about one span. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Copy } from "../copy";
import { compact, count, duration, money, time } from "../format";
import { documents, type Found } from "./documents";
import { Json } from "./json";
import { kind } from "./kinds";
import { Messages, Value } from "./messages";
import { parsed } from "./parsed";
import type { Sum } from "./rollup";
import { Long } from "./text";

export interface Detail {
  input?: string;
  output?: string;
  input_messages?: unknown;
  output_messages?: unknown;
  attributes?: Record<string, unknown>;
  resource?: Record<string, unknown>;
  events?: { name?: string; time?: string; attributes?: unknown }[];
  links?: unknown[];
  scores?: Record<string, unknown>[];
  logs?: Record<string, unknown>[];
  error_message?: string;
  [more: string]: unknown;
}

/** What the tree knows about a span already. */
export interface Facts {
  id: string;
  name: string;
  operation: string | null;
  status: string | null;
  /** ms since 1970. */
  start: number | null;
  duration: number | null;
  self: number | null;
  /** ms on the critical path. */
  critical: number;
  /** Everything below it and itself, each counted once. */
  sum: Sum;
  error: string | null;
  service: string | null;
  actor: string | null;
  tokens: number | null;
  cost: number | null;
}

interface SectionProps {
  title: string;
  open?: boolean;
  /** What is copied: the text, or JSON of anything else. */
  copied?: unknown;
  children: ComponentChildren;
}

function Section({ title, open = true, copied, children }: SectionProps) {
  const [shown, setShown] = useState(open);
  return (
    <section class="section">
      <h3>
        <button type="button" aria-expanded={shown} onClick={() => setShown(!shown)}>
          <span class="fold">{shown ? "▾" : "▸"}</span>
          {title}
        </button>
        {copied !== undefined && (
          <Copy
            text={() => (typeof copied === "string" ? copied : JSON.stringify(copied, null, 2))}
            what={title.split(" · ")[0]!.toLowerCase()}
          />
        )}
      </h3>
      {shown && children}
    </section>
  );
}

const FIELDS: [key: string, title: string, format: (value: never) => string][] = [
  ["provider", "provider", String],
  ["response_model", "answered by", String],
  ["finish_reason", "finish", String],
  ["ttft_ms", "first token", duration],
  ["cache_read_tokens", "cached", (n) => `${count(n)} tokens`],
  ["cache_write_tokens", "written to cache", (n) => `${count(n)} tokens`],
  ["reasoning_tokens", "reasoning", (n) => `${count(n)} tokens`],
  ["environment", "environment", String],
  ["release", "release", String],
  ["session_id", "session", String],
  ["user_id", "user", String],
  ["source", "format", String],
];

function Pairs({ facts, detail }: { facts: Facts; detail: Detail | null }) {
  const { sum } = facts;
  const both = [detail?.input_tokens, detail?.output_tokens].map((n) => (typeof n === "number" ? count(n) : null));
  const pairs: [string, string][] = [
    ["start, UTC", facts.start === null ? "—" : time(facts.start, true).slice(11)],
    ["duration", facts.duration === null ? "— no end" : duration(facts.duration)],
    ["self", duration(facts.self)],
    ["critical path", facts.critical > 0 ? duration(facts.critical) : "not on it"],
  ];
  if (sum.spans > 1 || facts.tokens !== null)
    pairs.push(["tokens", both[0] && both[1] ? `${both[0]} in, ${both[1]} out` : compact(facts.tokens)]);
  if (facts.cost !== null) pairs.push(["cost", money(facts.cost)]);
  if (sum.spans > 1) {
    const failed = sum.failed ? `, ${count(sum.failed)} failed` : "";
    pairs.push(
      ["with all below", `${count(sum.spans)} spans${failed}`],
      ["tokens, all", compact(sum.tokens)],
      ["cost, all", money(sum.cost)],
    );
  }
  if (facts.service) pairs.push(["service", facts.service]);
  if (facts.actor)
    pairs.push([kind(facts.operation).tone === "model" ? "model" : kind(facts.operation).word, facts.actor]);
  for (const [key, title, format] of FIELDS) {
    if (detail?.[key] !== undefined) pairs.push([title, format(detail[key] as never)]);
  }
  return (
    <dl class="pairs">
      {pairs.map(([title, value]) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      <div>
        <dt>span</dt>
        <dd>
          {facts.id} <Copy text={() => facts.id} what="span id" />
        </dd>
      </div>
    </dl>
  );
}

function Documents({ found }: { found: Found[] }) {
  return (
    <ol class="documents">
      {found.map((item, i) => (
        <li key={i}>
          <header>
            <b class="num">{item.score === null ? "—" : Number(item.score.toPrecision(4))}</b>{" "}
            <span class="muted">{item.id}</span>
          </header>
          {item.content !== null && <Long text={item.content} cut={600} />}
          {size(item.metadata as object) > 0 && <Json value={item.metadata} />}
        </li>
      ))}
    </ol>
  );
}

function Scores({ scores }: { scores: Record<string, unknown>[] }) {
  return (
    <ul class="scores">
      {scores.map((score, i) => (
        <li key={i}>
          <b>{String(score.name)}</b>{" "}
          <span class="num">
            {[score.label, score.value]
              .filter((part) => part !== undefined)
              .map(String)
              .join(" · ") || "—"}
          </span>{" "}
          {score.annotator !== undefined && <span class="muted">by {String(score.annotator)}</span>}
          {typeof score.explanation === "string" && <Long text={score.explanation} cut={600} />}
        </li>
      ))}
    </ul>
  );
}

/** Log records and events by time since the span began. */
function Moments({ items, start }: { items: Moment[]; start: number | null }) {
  return (
    <ol class="moments">
      {items.map((item, i) => (
        <li key={i}>
          <span class="num muted" title={`${time(item.at, true)} UTC`}>
            {item.at === null || start === null ? "—" : `+${duration(item.at - start)}`}
          </span>
          <span class={/^(ERROR|FATAL|CRITICAL)/.test(item.title) ? "error" : ""}>
            <b>{item.title}</b> {item.text && <Long text={item.text} cut={600} />}
            {size(item.more as object) > 0 && <Json value={item.more} />}
          </span>
        </li>
      ))}
    </ol>
  );
}

interface Moment {
  at: number | null;
  title: string;
  text: string;
  more: unknown;
}

const ms = (value: unknown): number | null => {
  const at = typeof value === "string" ? Date.parse(value) : Number(value ?? Number.NaN);
  return Number.isFinite(at) ? at : null;
};

const ofEvent = (event: NonNullable<Detail["events"]>[number]): Moment => {
  const { name, time: at, attributes, ...rest } = event as Record<string, unknown>;
  const more = size(rest) ? { ...rest, attributes } : attributes;
  return { at: ms(at), title: String(name ?? "event"), text: "", more };
};

const ofLog = (log: Record<string, unknown>): Moment => {
  const { time: at, severity, body, attributes, ...rest } = log;
  const said = parsed(body);
  const own = parsed(attributes);
  const bag = typeof own === "object" && own !== null ? own : own === undefined ? {} : { attributes: own };
  const structured = typeof said === "object" ? { body: said } : {};
  const text = typeof said === "object" ? "" : String(said ?? "");
  return { at: ms(at), title: String(severity ?? "log"), text, more: { ...structured, ...bag, ...rest } };
};

const size = (value: object | null | undefined) => (typeof value === "object" && value ? Object.keys(value).length : 0);

function Said({ title, messages, text }: { title: string; messages: unknown; text: string | undefined }) {
  if (messages !== undefined && messages !== null) {
    return (
      <Section title={title} copied={messages}>
        <Messages messages={messages} />
      </Section>
    );
  }
  if (text === undefined || text === null) return null;
  return (
    <Section title={title} copied={text}>
      <Value value={text} />
    </Section>
  );
}

function Everything({ facts, detail }: { facts: Facts; detail: Detail }) {
  const found = documents(detail.attributes);
  const said = [detail.input_messages, detail.output_messages, detail.input, detail.output].some((part) => part);
  const titled = (title: string, value: object | undefined) => `${title} · ${size(value)}`;
  return (
    <>
      <Said title="Input" messages={detail.input_messages} text={detail.input} />
      {found.length > 0 && (
        <Section title={`Documents · ${found.length}`} copied={found}>
          <Documents found={found} />
        </Section>
      )}
      <Said title="Output" messages={detail.output_messages} text={detail.output} />
      {size(detail.scores) > 0 && (
        <Section title={titled("Scores", detail.scores)} copied={detail.scores}>
          <Scores scores={detail.scores!} />
        </Section>
      )}
      {size(detail.logs) > 0 && (
        <Section title={titled("Logs", detail.logs)} copied={detail.logs}>
          <Moments items={detail.logs!.map(ofLog)} start={facts.start} />
        </Section>
      )}
      {size(detail.events) > 0 && (
        <Section title={titled("Events", detail.events)} open={facts.status === "error"} copied={detail.events}>
          <Moments items={detail.events!.map(ofEvent)} start={facts.start} />
        </Section>
      )}
      {size(detail.attributes) > 0 && (
        <Section title={titled("Attributes", detail.attributes)} open={!said} copied={detail.attributes}>
          <Json value={detail.attributes} />
        </Section>
      )}
      {size(detail.links) > 0 && (
        <Section title={titled("Links", detail.links)} open={false} copied={detail.links}>
          <Json value={detail.links} />
        </Section>
      )}
      {size(detail.resource) > 0 && (
        <Section title={titled("Resource", detail.resource)} open={false} copied={detail.resource}>
          <Json value={detail.resource} />
        </Section>
      )}
    </>
  );
}

export function DetailPane({ facts, detail, problem }: { facts: Facts; detail: Detail | null; problem: string }) {
  const { word, icon, tone } = kind(facts.operation);
  return (
    <section class="detail" data-ls="detail" aria-label="Span">
      <h2>
        <span class={`icon ${tone}`}>{icon}</span> <bdi>{facts.name}</bdi>
        <small>{facts.operation ?? word}</small>
      </h2>
      {facts.status === "error" && (
        <p class="failure" role="alert">
          <b>✕ {facts.error ?? "error"}</b> {detail?.error_message && <Long text={detail.error_message} />}
        </p>
      )}
      <Pairs facts={facts} detail={detail} />
      {problem && <p class="muted">{problem}</p>}
      {!detail && !problem && <p class="muted">Loading …</p>}
      {detail && <Everything facts={facts} detail={detail} />}
    </section>
  );
}
