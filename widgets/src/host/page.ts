/** The page's own controls: light or dark, and all code shown or folded. */

/** Follows the reader's system until the button is pressed. JupyterLab's attribute is the one widgets listen to. */
export function theme(button: HTMLElement | null): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen: boolean | null = null;
  const apply = () => {
    const dark = chosen ?? system.matches;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    document.body.dataset.jpThemeLight = String(!dark);
    button?.setAttribute("aria-pressed", String(dark));
    button?.setAttribute("aria-label", dark ? "Show in light colours" : "Show in dark colours");
  };
  system.addEventListener("change", apply);
  button?.addEventListener("click", () => {
    chosen = !(chosen ?? system.matches);
    apply();
  });
  apply();
}

export function code(button: HTMLElement | null): void {
  button?.addEventListener("click", () => {
    const folds = [...document.querySelectorAll<HTMLDetailsElement>("details.code")];
    const open = folds.some((fold) => !fold.open);
    for (const fold of folds) fold.open = open;
    button.setAttribute("aria-pressed", String(open));
    button.textContent = open ? "Hide code" : "Show code";
  });
}
