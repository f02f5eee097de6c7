/** Messages of a model call as a chat: text, tool calls and their results, and whatever else a part may be. */
import { Json } from "./json";
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

function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function Value({ value }: { value: unknown }) {
  const data = parsed(value);
  if (typeof data === "string") return <Markdown text={data} />;
  return <Json value={data} />;
}

function PartView({ part }: { part: Part }) {
  const body = part.content ?? part.text;
  switch (part.type) {
    case "text":
      return typeof body === "string" ? <Markdown text={body} /> : <Json value={body} />;
    case "reasoning":
    case "thinking":
      return (
        <div class="part">
          <b>reasoning</b>
          <Value value={body ?? part.thinking} />
        </div>
      );
    case "tool_call":
      return (
        <div class="part">
          <b>⚒ calls {String(part.name ?? "a tool")}</b>
          <Value value={part.arguments ?? null} />
        </div>
      );
    case "tool_call_response":
    case "tool_result":
      return (
        <div class="part">
          <b>⚒ result{part.name ? ` of ${part.name}` : ""}</b>
          <Value value={part.response ?? part.result ?? body ?? null} />
        </div>
      );
    default:
      return (
        <div class="part">
          <b>{String(part.type ?? "part")}</b>
          <Json value={part} />
        </div>
      );
  }
}

const SIDES: Record<string, string> = { user: "user", assistant: "assistant", system: "system", tool: "tool" };

export function Messages({ messages }: { messages: unknown }) {
  if (!Array.isArray(messages)) return <Value value={messages} />;
  return (
    <ol class="chat">
      {messages.map((raw, i) => {
        const message = asPart(raw) as Message;
        const role = String(message.role ?? "message");
        return (
          <li key={i} class={SIDES[role] ?? "system"}>
            <header>
              {role}
              {message.name && ` · ${message.name}`}
              {message.finish_reason && <span class="muted"> · {message.finish_reason}</span>}
            </header>
            {partsOf(message).map((part, at) => (
              <PartView key={at} part={part} />
            ))}
          </li>
        );
      })}
    </ol>
  );
}
