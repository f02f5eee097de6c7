/** What drifted: the picture of its regions with the verdict, and both windows on a map below. */
import type { Widget } from "../afm";
import { map } from "../map/map";
import { picture } from "../picture/picture";

export const drift: Widget = {
  render(props) {
    const ends = [picture, map].map((one) => one.render(props) as () => void);
    return () => {
      for (const end of ends) end();
    };
  },
};
