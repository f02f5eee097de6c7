/** How a span or a request ended: a sign, a colour and, where there is room, the word. */
const STATUS: Record<string, { icon: string; tone: string }> = {
  ok: { icon: "✓", tone: "ok" },
  error: { icon: "✕", tone: "error" },
  unset: { icon: "○", tone: "muted" },
};

export function Status({ status, word = true }: { status: string | null; word?: boolean }) {
  const { icon, tone } = STATUS[status ?? "unset"] ?? STATUS.unset!;
  return (
    <span class={tone} title={status ?? "unset"}>
      <span aria-hidden="true">{icon}</span>
      {word ? ` ${status ?? "unset"}` : <span class="sr">{status ?? "unset"}</span>}
    </span>
  );
}
