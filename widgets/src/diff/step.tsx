/** One step of two traces: a row of the list, and everything that is known of it. */
import type { ComponentChildren } from "preact";
import { compact, duration, money, UNKNOWN } from "../format";
import { kind } from "../trace/kinds";
import { Status } from "../trace/status";
import { type Piece, Said } from "./said";
import { type Change, less, type Steps } from "./steps";

export const ROW = 28;

const SIGNS: Record<Change, [sign: string, word: string]> = {
  slower: ["▲", "slower"],
  faster: ["▼", "faster"],
  added: ["+", "only in the second"],
  removed: ["−", "only in the first"],
  changed: ["~", "changed"],
  same: ["", ""],
};

/** Instead of a difference, of a step that one trace alone has. */
const ALONE: Partial<Record<Change, string>> = { added: "added", removed: "removed" };

export function signed(value: number | null, face: (value: number) => string): string {
  if (value === null) return UNKNOWN;
  const size = face(Math.abs(value));
  return value === 0 || size.startsWith("<") ? size : `${value > 0 ? "+" : "−"}${size}`;
}

interface RowProps {
  steps: Steps;
  row: number;
  top: number;
  /** ms that fill the lane. */
  longest: number;
  selected: boolean;
  matched: boolean;
  onSelect: (row: number) => void;
}

export function StepRow({ steps, row, top, longest, selected, matched, onSelect }: RowProps) {
  const { word, icon, tone } = kind(steps.operation[row]);
  const change = steps.change[row]!;
  const [sign, told] = SIGNS[change];
  const [left, right] = [steps.left_ms[row] ?? null, steps.right_ms[row] ?? null];
  const delta = less(right, left);
  const width = (ms: number | null) => (ms === null ? "0" : `max(2px, ${(Math.max(0, ms) / longest) * 100}%)`);
  const actor = steps.right_actor[row] ?? steps.left_actor[row];
  const name = steps.name[row]!;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree takes the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus and names its active row
    <div
      id={`step-${row}`}
      data-ls="step-row"
      data-change={change}
      class={`row ${change}${selected ? " selected" : ""}${matched ? "" : " dim"}`}
      role="treeitem"
      aria-level={steps.depth[row]! + 1}
      aria-selected={selected}
      aria-label={`${word} ${name}${told && `, ${told}`}, ${duration(left)} to ${duration(right)}${steps.said[row] ? ", something else was said" : ""}`}
      style={{ transform: `translateY(${top}px)`, height: `${ROW}px` }}
      onClick={() => onSelect(row)}
    >
      <span class="what" style={{ paddingLeft: `${Math.min(steps.depth[row]!, 24) * 14}px` }}>
        <span class="sign" title={told} aria-hidden="true">
          {sign}
        </span>
        <span class={`icon ${tone}`}>{icon}</span>
        <span class="name">{name}</span>
        {actor && !name.includes(actor) && <span class="actor muted">{actor}</span>}
        {steps.said[row] && (
          <span class="other" title="Something else was said">
            “ ”
          </span>
        )}
      </span>
      <span class="num">{left === null ? "" : duration(left)}</span>
      <span class="num">{right === null ? "" : duration(right)}</span>
      <span class="num delta">{delta === null ? (ALONE[change] ?? UNKNOWN) : signed(delta, duration)}</span>
      <span class="lane" aria-hidden="true">
        <i class="bar first" style={{ width: width(left) }} />
        <i class="bar second" style={{ width: width(right) }} />
      </span>
    </div>
  );
}

interface Fact {
  title: string;
  left: ComponentChildren;
  right: ComponentChildren;
  delta: string;
}

function facts(steps: Steps, row: number): Fact[] {
  const figures: [string, keyof Steps, keyof Steps, (value: number | null) => string][] = [
    ["duration", "left_ms", "right_ms", duration],
    ["own time", "left_self_ms", "right_self_ms", duration],
    ["tokens", "left_tokens", "right_tokens", compact],
    ["cost", "left_cost_usd", "right_cost_usd", money],
  ];
  const found: Fact[] = [];
  for (const [title, one, other, face] of figures) {
    const [left, right] = [steps[one][row] as number | null, steps[other][row] as number | null];
    if (left === null && right === null) continue;
    const delta = less(right, left);
    found.push({ title, left: face(left), right: face(right), delta: delta === null ? "" : signed(delta, face) });
  }
  const [left, right] = [steps.left_actor[row], steps.right_actor[row]];
  if (left || right) {
    found.push({
      title: "by",
      left: left ?? UNKNOWN,
      right: right ?? UNKNOWN,
      delta: left && right && left !== right ? "changed" : "",
    });
  }
  return found;
}

interface PaneProps {
  steps: Steps;
  row: number;
  texts: Record<string, Piece[]> | null;
  problem: string;
}

export function StepPane({ steps, row, texts, problem }: PaneProps) {
  const { word, icon, tone } = kind(steps.operation[row]);
  const told = SIGNS[steps.change[row]!][1];
  const state = (id: string | null | undefined, status: string | null | undefined) =>
    id ? <Status status={status ?? null} /> : <span class="muted">no such step</span>;
  return (
    <section class="detail" data-ls="detail" aria-label="Step">
      <h2>
        <span class={`icon ${tone}`}>{icon}</span> <bdi>{steps.name[row]}</bdi>
        <small>
          {steps.operation[row] ?? word}
          {told && `, ${told}`}
        </small>
      </h2>
      <table class="sides">
        <thead>
          <tr>
            <td />
            <th scope="col">first</th>
            <th scope="col">second</th>
            <th scope="col">
              <span class="sr">difference</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">status</th>
            <td>{state(steps.left_span_id[row], steps.left_status[row])}</td>
            <td>{state(steps.right_span_id[row], steps.right_status[row])}</td>
            <td />
          </tr>
          {facts(steps, row).map(({ title, left, right, delta }) => (
            <tr key={title}>
              <th scope="row">{title}</th>
              <td class="num">{left}</td>
              <td class="num">{right}</td>
              <td class="num">{delta}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {problem && <p class="muted">{problem}</p>}
      {!texts && !problem && <p class="muted">Loading …</p>}
      {texts && Object.keys(texts).length === 0 && <p class="muted">No text was recorded.</p>}
      {texts && Object.entries(texts).map(([field, pieces]) => <Said key={field} title={field} pieces={pieces} />)}
    </section>
  );
}
