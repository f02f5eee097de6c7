/** The few ipywidgets that only arrange others or show text, so that a composed view needs no kernel and no manager. */
import type { StoredModel } from "./model";
import { reference } from "./models";

/** Draws the widget with this id into an element. */
export type Draw = (id: string, el: HTMLElement) => Promise<void>;
type View = (model: StoredModel, el: HTMLElement, draw: Draw) => void | Promise<void>;

const children = (model: StoredModel): string[] =>
  (model.get<unknown[] | undefined>("children") ?? []).map(reference).filter((id): id is string => id !== null);

function add(parent: HTMLElement, tag: string, className: string, text?: string): HTMLElement {
  const el = document.createElement(tag);
  el.className = className;
  if (text !== undefined) el.textContent = text;
  parent.append(el);
  return el;
}

const box =
  (className: string): View =>
  async (model, el, draw) => {
    el.classList.add("ls-box", className);
    await Promise.all(children(model).map((id) => draw(id, add(el, "div", "ls-child"))));
  };

const titles = (model: StoredModel): string[] =>
  model.get<string[] | undefined>("titles") ?? Object.values(model.get<Record<string, string>>("_titles") ?? {});

const tab: View = async (model, el, draw) => {
  const names = titles(model);
  const ids = children(model);
  const bar = add(el, "div", "ls-tabs");
  bar.setAttribute("role", "tablist");
  const pages = ids.map(() => add(el, "div", "ls-tab-page"));
  const buttons = ids.map((_, i) => {
    const button = add(bar, "button", "ls-tab", names[i] || `${i + 1}`);
    button.setAttribute("role", "tab");
    button.addEventListener("click", () => model.set("selected_index", i));
    return button;
  });
  const drawn = new Set<number>();
  const show = async () => {
    const selected = model.get<number | null>("selected_index") ?? 0;
    for (const [i, page] of pages.entries()) {
      page.hidden = i !== selected;
      buttons[i]!.setAttribute("aria-selected", String(i === selected));
    }
    if (ids[selected] && !drawn.has(selected)) {
      drawn.add(selected);
      await draw(ids[selected], pages[selected]!);
    }
  };
  model.on("change:selected_index", () => void show());
  await show();
};

const accordion: View = (model, el, draw) => {
  const names = titles(model);
  for (const [i, id] of children(model).entries()) {
    const fold = add(el, "details", "ls-fold") as HTMLDetailsElement;
    add(fold, "summary", "", names[i] || `${i + 1}`);
    const page = add(fold, "div", "ls-fold-page");
    fold.addEventListener("toggle", () => void draw(id, page), { once: true });
    fold.open = model.get("selected_index") === i;
  }
};

const label: View = (model, el) => {
  const description = model.get<string | undefined>("description");
  if (description) add(el, "span", "ls-description", description);
  const text = add(el, "span", "ls-label", model.get<string>("value"));
  model.on("change:value", () => {
    text.textContent = String(model.get("value"));
  });
};

const html: View = (model, el) => {
  const content = add(el, "div", "ls-html");
  // Sanitised when the report was written; a value linked in from elsewhere was not, and stays text.
  content.innerHTML = model.get<string>("value");
  model.on("change:value", () => {
    content.textContent = String(model.get("value"));
  });
};

const output: View = async (model, el, draw) => {
  el.innerHTML = model.get<string | undefined>("_html") ?? "";
  const held = [...el.querySelectorAll<HTMLElement>("[data-widget]")];
  await Promise.all(held.map((inner) => draw(inner.dataset.widget!, inner)));
};

export const containers: Record<string, View> = {
  BoxModel: box("ls-row"),
  HBoxModel: box("ls-row"),
  VBoxModel: box("ls-column"),
  GridBoxModel: box("ls-grid"),
  TabModel: tab,
  StackModel: tab,
  AccordionModel: accordion,
  LabelModel: label,
  HTMLModel: html,
  HTMLMathModel: html,
  OutputModel: output,
};

const LAYOUT = new Set(
  `align_content align_items align_self border_top border_right border_bottom border_left display flex flex_flow height
  justify_content justify_items margin max_height max_width min_height min_width order overflow padding visibility width
  grid_auto_columns grid_auto_flow grid_auto_rows grid_gap grid_template_rows grid_template_columns
  grid_template_areas grid_row grid_column grid_area`.split(/\s+/),
);

/** Applies an ipywidgets `Layout` model to an element. */
export function lay(layout: StoredModel, el: HTMLElement): void {
  for (const name of LAYOUT) {
    const value = layout.get(name);
    if (typeof value === "string") el.style.setProperty(name.replaceAll("_", "-"), value);
  }
}
