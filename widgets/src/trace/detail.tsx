/** Everything about one span. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { compact, count, duration, money, time } from "../format";
import { Json } from "./json";
import { kind } from "./kinds";
import { Messages } from "./messages";
import { Long, Markdown } from "./text";

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
  error: string | null;
  service: string | null;
  actor: string | null;
  tokens: number | null;
  cost: number | null;
}

function Section({ title, open = true, children }: { title: string; open?: boolean; children: ComponentChildren }) {
  const [shown, setShown] = useState(open);
  return (
    <section class="section">
      <h3>
        <button type="button" aria-expanded={shown} onClick={() => setShown(!shown)}>
          <span class="fold">{shown ? "▾" : "▸"}</span>
          {title}
        </button>
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
  const pairs: [string, string][] = [
    ["start", `${time(facts.start, true)} UTC`],
    ["duration", facts.duration === null ? "— no end" : duration(facts.duration)],
    ["self", duration(facts.self)],
    ["tokens", compact(facts.tokens)],
    ["cost", money(facts.cost)],
  ];
  if (facts.service) pairs.push(["service", facts.service]);
  if (facts.actor)
    pairs.push([kind(facts.operation).tone === "model" ? "model" : kind(facts.operation).word, facts.actor]);
  for (const [key, title, format] of FIELDS) {
    if (detail?.[key] !== undefined) pairs.push([title, format(detail[key] as never)]);
  }
  pairs.push(["span", facts.id]);
  return (
    <dl class="pairs">
      {pairs.map(([title, value]) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const size = (value: object | undefined) => (value ? Object.keys(value).length : 0);

export function DetailPane({ facts, detail, problem }: { facts: Facts; detail: Detail | null; problem: string }) {
  const failed = facts.status === "error";
  const texts = detail && {
    in: detail.input_messages ?? null,
    out: detail.output_messages ?? null,
  };
  return (
    <div class="detail" data-ls="detail">
      <h2>
        <span class={`icon ${kind(facts.operation).tone}`}>{kind(facts.operation).icon}</span> {facts.name}
        <small>{facts.operation ?? kind(null).word}</small>
      </h2>
      {failed && (
        <p class="failure" role="alert">
          <b>✕ {facts.error ?? "error"}</b> {detail?.error_message && <Long text={detail.error_message} />}
        </p>
      )}
      <Pairs facts={facts} detail={detail} />
      {problem && <p class="muted">{problem}</p>}
      {!detail && !problem && <p class="muted">Loading …</p>}
      {texts && (
        <>
          {(texts.in ?? detail.input) !== undefined && (texts.in ?? detail.input) !== null && (
            <Section title="Input">
              {texts.in ? <Messages messages={texts.in} /> : <Markdown text={detail.input!} />}
            </Section>
          )}
          {(texts.out ?? detail.output) !== undefined && (texts.out ?? detail.output) !== null && (
            <Section title="Output">
              {texts.out ? <Messages messages={texts.out} /> : <Markdown text={detail.output!} />}
            </Section>
          )}
          {size(detail.scores) > 0 && (
            <Section title={`Scores · ${size(detail.scores)}`}>
              <Json value={detail.scores} />
            </Section>
          )}
          {size(detail.events) > 0 && (
            <Section title={`Events · ${size(detail.events)}`} open={failed}>
              <Json
                value={Object.fromEntries(detail.events!.map((event, i) => [`${i + 1} ${event.name ?? ""}`, event]))}
              />
            </Section>
          )}
          {size(detail.logs) > 0 && (
            <Section title={`Logs · ${size(detail.logs)}`} open={false}>
              <Json value={detail.logs} />
            </Section>
          )}
          {size(detail.attributes) > 0 && (
            <Section title={`Attributes · ${size(detail.attributes)}`} open={!texts.in && !texts.out && !detail.input}>
              <Json value={detail.attributes} />
            </Section>
          )}
          {size(detail.links) > 0 && (
            <Section title={`Links · ${size(detail.links)}`} open={false}>
              <Json value={detail.links} />
            </Section>
          )}
          {size(detail.resource) > 0 && (
            <Section title={`Resource · ${size(detail.resource)}`} open={false}>
              <Json value={detail.resource} />
            </Section>
          )}
        </>
      )}
    </div>
  );
}
