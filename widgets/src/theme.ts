/** Light or dark, and the colours a chart takes from the page. */

/** The design tokens a chart needs, resolved to colours and font names. */
export interface Palette {
  dark: boolean;
  fg: string;
  muted: string;
  line: string;
  rest: string;
  bar: string;
  error: string;
  font: string;
}

/** Whether a CSS colour such as `rgb(20, 20, 20)` is dark, by its relative luminance. */
export function isDark(color: string): boolean {
  const [r = 255, g = 255, b = 255] = (color.match(/[\d.]+/g) ?? []).map(Number);
  const scale = color.startsWith("color(") ? 255 : 1;
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) * scale < 110;
}

/** Reads the page's own background, so that a widget is dark exactly where the page is. */
export function apply(root: HTMLElement): boolean {
  const dark = isDark(getComputedStyle(root).backgroundColor);
  const theme = dark ? "dark" : "light";
  const changed = root.dataset.theme !== theme;
  root.dataset.theme = theme;
  return changed;
}

export function palette(root: HTMLElement): Palette {
  const style = getComputedStyle(root);
  const token = (name: string) => style.getPropertyValue(`--ls-${name}`).trim();
  return {
    dark: root.dataset.theme === "dark",
    fg: style.color,
    muted: token("muted"),
    line: token("line"),
    rest: token("rest"),
    bar: token("bar"),
    error: token("error"),
    font: style.fontFamily,
  };
}

/** Calls back when the page may have changed its theme: a notebook's attribute, a host's class, or the system setting. */
export function watch(changed: () => void, signal: AbortSignal): void {
  // A theme's style sheet can arrive after the attribute that announces it.
  const later = () => [0, 150, 800].map((ms) => setTimeout(() => signal.aborted || changed(), ms));
  const observer = new MutationObserver(later);
  const filter = [
    "class",
    "data-jp-theme-light",
    "data-jp-theme-name",
    "data-vscode-theme-kind",
    "data-theme",
    "style",
  ];
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true, attributeFilter: filter });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
}
