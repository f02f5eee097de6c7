/** The figures of what is selected. */
import { compact, count, duration, money, percent } from "../format";

export interface Figures {
  count: number;
  errors: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  tokens: number | null;
  cost: number | null;
}

interface Props {
  unit: string;
  total: number;
  figures: Figures;
  /** Percentiles come from bins and are marked ≈. */
  rough: boolean;
}

function Figure({ name, value, rough, bad }: { name: string; value: string; rough?: boolean; bad?: boolean }) {
  const near = rough && value !== "—";
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd class={bad ? "num error" : "num"}>
        {near && <abbr title="Interpolated from 12 % wide bins; exact when a kernel answers">≈</abbr>}
        {value}
      </dd>
    </div>
  );
}

export function Strip({ unit, total, figures, rough }: Props) {
  const part = figures.count !== total;
  return (
    <dl class="strip" aria-live="polite">
      <div class="figure">
        <dt>{unit}</dt>
        <dd class="num" data-ls="count" data-value={figures.count}>
          {count(figures.count)}
          {part && <small> of {compact(total)}</small>}
        </dd>
      </div>
      <Figure
        name="error rate"
        value={percent(figures.count ? figures.errors / figures.count : null)}
        bad={figures.errors > 0}
      />
      <Figure name="p50" value={duration(figures.p50)} rough={rough} />
      <Figure name="p95" value={duration(figures.p95)} rough={rough} />
      <Figure name="p99" value={duration(figures.p99)} rough={rough} />
      <Figure name="tokens" value={compact(figures.tokens)} />
      <Figure name="cost" value={money(figures.cost)} />
    </dl>
  );
}
