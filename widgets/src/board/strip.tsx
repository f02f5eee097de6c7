/** The figures of what is selected, and in a comparison those of the rest below them. */
import { compact, count, duration, money, percent } from "../format";
import type { Figures } from "./figures";

interface Props {
  unit: string;
  total: number;
  figures: Figures;
  /** In a comparison, the figures of what is not selected. */
  rest: Figures | null;
  /** Whether time to first token is known of any. */
  streamed: boolean;
  /** Percentiles come from bins and are marked ≈. */
  rough: boolean;
  /** So are counts and sums, which come from a sample. */
  sampled: boolean;
}

const BINS = "Interpolated between the edges of a bin, at most 12 % off; exact when a kernel answers";
const SAMPLE = "Estimated from a sample of each cell's rows; exact when a kernel answers";

interface Shown {
  name: string;
  of: (figures: Figures) => string;
  /** Why it is not exact. */
  near?: string | false;
  bad?: boolean;
}

const Near = ({ why }: { why: string }) => (
  <abbr title={why}>
    <span aria-hidden="true">≈</span>
    <span class="sr">about </span>
  </abbr>
);

const each = (sum: number | null, figures: Figures) => (sum === null || !figures.count ? null : sum / figures.count);

export function Strip({ unit, total, figures, rest, streamed, rough, sampled }: Props) {
  const near = sampled && SAMPLE;
  const ms = rough && BINS;
  const shown: Shown[] = [
    {
      name: "error rate",
      of: (one) => percent(one.count ? one.errors / one.count : null),
      near,
      bad: figures.errors > 0,
    },
    { name: "p50", of: (one) => duration(one.p50), near: ms },
    { name: "p95", of: (one) => duration(one.p95), near: ms },
    { name: "p99", of: (one) => duration(one.p99), near: ms },
    ...(streamed ? [{ name: "first token p50", of: (one: Figures) => duration(one.ttft), near: ms }] : []),
    // Sums of a part and of the rest do not compare; those of one request do.
    rest
      ? { name: "tokens each", of: (one) => compact(each(one.tokens, one)), near }
      : { name: "tokens", of: (one) => compact(one.tokens), near },
    rest
      ? { name: "cost each", of: (one) => money(each(one.cost, one)), near }
      : { name: "cost", of: (one) => money(one.cost), near },
  ];
  return (
    <dl class={rest ? "strip compared" : "strip"}>
      <div class="figure first">
        <dt>{unit}</dt>
        <dd class="num" data-ls="count" data-value={Math.round(figures.count)}>
          {near && <Near why={near} />}
          {count(figures.count)}
          {figures.count !== total && (
            <small>
              {" "}
              of {compact(total)} · {percent(figures.count / total)}
            </small>
          )}
        </dd>
        {rest && <dd class="rest">rest {count(rest.count)}</dd>}
      </div>
      {shown.map(({ name, of, near: why, bad }) => (
        <div key={name} class="figure">
          <dt>{name}</dt>
          <dd class={bad ? "num error" : "num"}>
            {why && of(figures) !== "—" && <Near why={why} />}
            {of(figures)}
          </dd>
          {rest && <dd class="rest">rest {of(rest)}</dd>}
        </div>
      ))}
    </dl>
  );
}
