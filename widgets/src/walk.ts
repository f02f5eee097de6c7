/** Up and down walk the buttons of a list. */
export function walk(event: KeyboardEvent): void {
  const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key] as
    | "nextElementSibling"
    | undefined;
  if (!next) return;
  event.preventDefault();
  const item = (event.currentTarget as HTMLElement).parentElement!;
  item[next]?.querySelector("button")?.focus();
}
