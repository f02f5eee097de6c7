/** Messages of a model call as a chat: text, reasoning, images, tool calls with their results, whatever else a part is. */
import { count } from "../format";
import { embedded, pointed } from "./images";
import { Json } from "./json";
import { parsed } from "./parsed";
import { Markdown } from "./text";

interface Part {
  type?: string;
  content?: unknown;
  id?: string;
  name?: string;
  arguments?: unknown;
  response?: unknown;
  result?: unknown;
  [more: string]: unknown;
}

interface Message {
  role?: string;
  name?: string;
  parts?: unknown;
  content?: unknown;
  finish_reason?: string;
}

/** The parts of a message in the shape of `gen_ai.input.messages`, or of a bare OpenAI-style one. */
export function partsOf(message: Message): Part[] {
  if (Array.isArray(message.parts)) return message.parts.map(asPart);
  if (Array.isArray(message.content)) return message.content.map(asPart);
  return message.content === undefined || message.content === null ? [] : [{ type: "text", content: message.content }];
}

const asPart = (part: unknown): Part =>
  typeof part === "object" && part !== null ? (part as Part) : { type: "text", content: part };

export function Value({ value }: { value: unknown }) {
  const data = parsed(value);
  if (typeof data === "string") return <Markdown text={data} />;
  return <Json value={data} />;
}

const isResult = (part: Part) => part.type === "tool_call_response" || part.type === "tool_result";
const resultOf = (part: Part) => part.response ?? part.result ?? part.content ?? part.text ?? null;
const idOf = (part: Part) => part.id ?? part.tool_call_id ?? part.tool_use_id;

/** Results of tools by the id of their call, for those whose call is among the messages too. */
export function matchedResults(messages: Message[]): Map<string, Part> {
  const parts = messages.flatMap(partsOf);
  const calls = new Set(parts.filter((part) => part.type === "tool_call").map(idOf));
  const results = new Map<string, Part>();
  for (const part of parts) {
    const id = idOf(part);
    if (isResult(part) && typeof id === "string" && calls.has(id) && !results.has(id)) results.set(id, part);
  }
  return results;
}

function Call({ part, result }: { part: Part; result: Part | undefined }) {
  return (
    <div class="part">
      <b>⚒ calls {String(part.name ?? "a tool")}</b>
      <Value value={part.arguments ?? null} />
      {result && (
        <div class="result">
          <b>→ result</b>
          <Value value={resultOf(result)} />
        </div>
      )}
    </div>
  );
}

function Reasoning({ text }: { text: unknown }) {
  const length = typeof text === "string" ? ` · ${count(text.length)} characters` : "";
  return (
    <details class="part reasoning">
      <summary>reasoning{length}</summary>
      <Value value={text ?? null} />
    </details>
  );
}

function Image({ part }: { part: Part }) {
  const source = embedded(part);
  if (source) return <img class="embedded" src={source} alt={String(part.alt ?? "from the message")} />;
  const address = pointed(part);
  if (address) return <code>[image, not fetched: {address.slice(0, 300)}]</code>;
  return <Json value={part} />;
}

const IMAGES = new Set(["image", "image_url", "input_image", "blob", "uri", "file", "media"]);

function PartView({ part, results }: { part: Part; results: Map<string, Part> }) {
  const body = part.content ?? part.text;
  switch (part.type) {
    case "text":
    case "input_text":
    case "output_text":
      return typeof body === "string" ? <Markdown text={body} /> : <Json value={body} />;
    case "reasoning":
    case "thinking":
      return <Reasoning text={body ?? part.thinking ?? part.summary} />;
    case "tool_call":
      return <Call part={part} result={results.get(String(idOf(part)))} />;
    case "tool_call_response":
    case "tool_result":
      return (
        <div class="part">
          <b>⚒ result{part.name ? ` of ${part.name}` : ""}</b>
          <Value value={resultOf(part)} />
        </div>
      );
    default:
      return (
        <div class="part">
          <b>{String(part.type ?? "part")}</b>{" "}
          {IMAGES.has(String(part.type)) ? <Image part={part} /> : <Json value={part} />}
        </div>
      );
  }
}

const SIDES: Record<string, string> = { user: "user", assistant: "assistant", system: "system", tool: "tool" };

export function Messages({ messages }: { messages: unknown }) {
  if (!Array.isArray(messages)) return <Value value={messages} />;
  const list = messages.map((raw) => asPart(raw) as Message);
  const results = matchedResults(list);
  const shown = new Set(results.values());
  return (
    <ol class="chat">
      {list.map((message, i) => {
        const parts = partsOf(message);
        // A result stands below its call; a message of nothing else would repeat it.
        const own = parts.filter((part) => !shown.has(part));
        if (parts.length && !own.length) return null;
        const role = String(message.role ?? "message");
        return (
          <li key={i} class={SIDES[role] ?? "system"}>
            <header>
              {role}
              {message.name && ` · ${message.name}`}
              {message.finish_reason && <span class="muted"> · {message.finish_reason}</span>}
            </header>
            {own.map((part, at) => (
              <PartView key={at} part={part} results={results} />
            ))}
          </li>
        );
      })}
    </ol>
  );
}
