/** `jslink` and `jsdlink`: two traits of two widgets that keep the same value. */
import type { StoredModel } from "./model";
import { type Models, reference } from "./models";

type End = [string, string];

export async function link(model: StoredModel, models: Models): Promise<void> {
  const ends = [model.get<End>("source"), model.get<End>("target")] as const;
  const [source, target] = await Promise.all(ends.map(([ref]) => models.get(reference(ref) ?? ref)));
  const [[, from], [, to]] = ends;
  const forward = () => target!.set(to, source!.get(from));
  forward();
  source!.on(`change:${from}`, forward);
  if (model.name === "LinkModel") target!.on(`change:${to}`, () => source!.set(from, target!.get(to)));
}
