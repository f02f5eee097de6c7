/** Shows an exported report's widgets: no kernel, no network, each drawn when it comes near the screen. */
import { AnyWidgets } from "./anywidget";
import { containers, type Draw, lay } from "./containers";
import { whenIdle } from "./idle";
import { link } from "./links";
import { Models, reference } from "./models";
import { code, theme } from "./page";

interface Index {
  bundle: string | null;
  models: Record<string, string>;
  links: string[];
}

const holder = document.querySelector("script#llmscope-state");
const index: Index = holder ? JSON.parse(holder.textContent ?? "") : { bundle: null, models: {}, links: [] };
const models = new Models(index.models);
const anywidgets = new AnyWidgets(models, index.bundle);

function fail(el: HTMLElement, reason: string): void {
  // With scripts on, a browser keeps what is in <noscript> as text.
  const fallback = new DOMParser().parseFromString(el.querySelector("noscript")?.textContent ?? "", "text/html");
  const summary = fallback.body.textContent ?? "";
  const note = Object.assign(document.createElement("p"), { className: "note", textContent: reason });
  const text = Object.assign(document.createElement("pre"), { textContent: summary.trim() });
  el.replaceChildren(note, ...(summary.trim() ? [text] : []));
  el.dataset.state = "failed";
}

const draw: Draw = async (id, el) => {
  try {
    const model = await models.get(id);
    const layout = reference(model.get("layout"));
    if (layout && layout in index.models) lay(await models.get(layout), el);
    const container = containers[model.name];
    const inner = Object.assign(document.createElement("div"), { className: "ls-view" });
    el.append(inner); // before it is drawn: widgets measure the room they have
    if (container) await container(model, inner, draw);
    else if (model.name === "AnyModel") await anywidgets.render(model, inner);
    else return fail(el, `${model.name.replace(/Model$/, "")} needs a running kernel, so it is not shown here.`);
    for (const rest of el.querySelectorAll(":scope > noscript, :scope > .waiting")) rest.remove();
    el.dataset.state = "drawn";
  } catch (error) {
    console.warn(error);
    fail(el, `This widget could not be drawn: ${error instanceof Error ? error.message : String(error)}`);
  }
};

function start(): void {
  theme(document.querySelector<HTMLElement>("button#theme"));
  code(document.querySelector<HTMLElement>("button#all-code"));
  const places = [...document.querySelectorAll<HTMLElement>("[data-widget]")];
  const show = async (el: HTMLElement) => {
    if (el.dataset.state) return;
    el.dataset.state = "drawing";
    await draw(el.dataset.widget!, el);
  };
  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) void show(target as HTMLElement);
    },
    { rootMargin: "600px" },
  );
  for (const el of places) near.observe(el);
  whenIdle(places, show);
  addEventListener("beforeprint", () => places.forEach((el) => void show(el)));
  for (const id of index.links) {
    models.get(id).then(
      (model) => link(model, models),
      (error) => console.warn(error),
    );
  }
}

start();
