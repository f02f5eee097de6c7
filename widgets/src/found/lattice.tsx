/** Found combinations beside what they are made of: single groups at the left, each with its difference to its parent. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { layout, type Placed } from "./layout";
import { type Node, TONES } from "./rows";

interface Props {
  nodes: Node[];
  noun: string;
  chosen: number;
  onChoose: (row: Node) => void;
}

/** Between columns, in per cent of the width. */
const GAP = 6;

/** Pixels of a column below which its texts take two lines. */
const NARROW = 170;

/** Whether so many columns are narrow in the width that an element has. */
function useNarrow(columns: number) {
  const field = useRef<HTMLDivElement>(null);
  const [narrow, setNarrow] = useState(false);
  useEffect(() => {
    const sizes = new ResizeObserver(([entry]) => {
      const { width } = entry!.contentRect;
      if (width) setNarrow(width / columns < NARROW);
    });
    sizes.observe(field.current!);
    return () => sizes.disconnect();
  }, [columns]);
  return { field, narrow };
}

export function Lattice({ nodes, noun, chosen, onChoose }: Props) {
  const columns = new Set(nodes.map(({ depth }) => depth)).size;
  const { field, narrow } = useNarrow(columns);
  const { height, placed } = useMemo(() => layout(nodes, narrow), [nodes, narrow]);
  const width = (100 - GAP * (columns - 1)) / columns;
  const left = ({ column }: Placed) => column * (width + GAP);
  const edges = [...placed.values()].flatMap((to) =>
    to.node.above.flatMap((id, i) => {
      const from = placed.get(id);
      if (!from) return [];
      const [x0, x1] = [left(from) + width, left(to)];
      const [y0, y1] = [from.top + from.height / 2, to.top + to.height / 2];
      const bend = (x0 + x1) / 2;
      return [{ key: `${id}-${to.node.id}`, near: i === 0, d: `M${x0} ${y0}C${bend} ${y0} ${bend} ${y1} ${x1} ${y1}` }];
    }),
  );
  return (
    <section class="lattice">
      <h3>
        Combinations and what they are made of
        <small>
          value, difference to the other {noun} of the parent at the thick line (of single groups to all others), and{" "}
          {noun}
        </small>
      </h3>
      <div class={narrow ? "field narrow" : "field"} ref={field} style={{ height: `${height}px` }}>
        <svg viewBox={`0 0 100 ${height}`} preserveAspectRatio="none" aria-hidden="true">
          {edges.map(({ key, near, d }) => (
            <path key={key} class={near ? "near" : ""} d={d} vector-effect="non-scaling-stroke" />
          ))}
        </svg>
        {nodes
          .map(({ id }) => placed.get(id)!)
          .map((one) => (
            <button
              key={one.node.id}
              type="button"
              class={`node ${TONES[one.node.kind] ?? "plain"}`}
              data-ls="lattice-node"
              data-id={one.node.id}
              style={{ left: `${left(one)}%`, width: `${width}%`, top: `${one.top}px`, height: `${one.height}px` }}
              aria-pressed={one.node.id === chosen}
              aria-label={`${one.node.told}; difference to its parent ${one.node.apart}`}
              title={one.node.told}
              onClick={() => onChoose(one.node)}
            >
              {one.node.parts.map((part) => (
                <span key={part} class="part">
                  <bdi>{part}</bdi>
                </span>
              ))}
              <span class="figures">
                <b>{one.node.shown}</b>
                <span>{one.node.apart}</span>
                <small>{one.node.n}</small>
              </span>
            </button>
          ))}
      </div>
    </section>
  );
}
