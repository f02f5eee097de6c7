/** The one bundle of every llmscope widget, by the name in the Python half's `_view`. */
import type { Widget } from "./afm";

export const widgets: Record<string, Widget> = {};
