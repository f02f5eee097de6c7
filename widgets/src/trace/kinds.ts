/** Kinds of spans, each told by a word, an icon and a colour: no kind by its colour alone. */
export interface Kind {
  word: string;
  icon: string;
  /** Names a colour token of `trace.css`. */
  tone: "agent" | "model" | "tool" | "data" | "guard" | "plain";
}

const KINDS: Record<string, Kind> = {
  chat: { word: "chat", icon: "◆", tone: "model" },
  text_completion: { word: "completion", icon: "◆", tone: "model" },
  generate_content: { word: "generate", icon: "◆", tone: "model" },
  embeddings: { word: "embeddings", icon: "∷", tone: "data" },
  retrieval: { word: "retrieval", icon: "⌕", tone: "data" },
  rerank: { word: "rerank", icon: "⇅", tone: "data" },
  execute_tool: { word: "tool", icon: "⚒", tone: "tool" },
  create_agent: { word: "agent", icon: "◉", tone: "agent" },
  invoke_agent: { word: "agent", icon: "◉", tone: "agent" },
  invoke_workflow: { word: "workflow", icon: "⊞", tone: "agent" },
  guardrail: { word: "guardrail", icon: "◈", tone: "guard" },
  evaluate: { word: "evaluate", icon: "✓", tone: "guard" },
  http: { word: "http", icon: "⇄", tone: "plain" },
  db: { word: "db", icon: "▤", tone: "data" },
};

export const kind = (operation: string | null | undefined): Kind =>
  KINDS[operation ?? ""] ?? { word: "span", icon: "▪", tone: "plain" };
