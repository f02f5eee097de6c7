/** The one bundle of every llmscope widget, by the name in the Python half's `_view`. */
import type { Widget } from "./afm";
import { board } from "./board/board";
import { diff } from "./diff/diff";
import { drift } from "./drift/drift";
import { causes, slices } from "./found/found";
import { map } from "./map/map";
import { overview } from "./overview/overview";
import { picture } from "./picture/picture";
import { trace } from "./trace/trace";
import { traces } from "./traces/traces";

export const widgets: Record<string, Widget> = {
  board,
  causes,
  diff,
  drift,
  map,
  overview,
  picture,
  slices,
  trace,
  traces,
};
