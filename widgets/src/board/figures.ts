/** The figures of the strip, estimated from the cells. */
import { type Axis, quantile, type Result } from "./cube";

export interface Figures {
  count: number;
  errors: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  /** Median time to first token. */
  ttft: number | null;
  tokens: number | null;
  cost: number | null;
}

export function estimated(axes: Axis[], result: Result): Figures {
  const at = (key: string, share: number) => {
    const i = axes.findIndex((axis) => axis.key === key);
    return i < 0 ? null : quantile(axes[i]!, result.inside[i]!, share);
  };
  const { count, errors, tokens, cost } = result;
  const latency = (share: number) => at("latency", share);
  return {
    count,
    errors,
    p50: latency(0.5),
    p95: latency(0.95),
    p99: latency(0.99),
    ttft: at("ttft", 0.5),
    tokens,
    cost,
  };
}

/** What a selection leaves out of the whole. */
export function without(whole: Result, part: Result): Result {
  // A sum of nothing known is NaN: nothing is taken away then.
  const less = (all: number, some: number) => all - (Number.isNaN(some) ? 0 : some);
  const inside = whole.inside.map((all, axis) => all.map((n, code) => n - part.inside[axis]![code]!));
  return {
    hist: inside,
    inside,
    failed: whole.failed.map((n, code) => n - part.failed[code]!),
    count: whole.count - part.count,
    errors: whole.errors - part.errors,
    tokens: less(whole.tokens, part.tokens),
    cost: less(whole.cost, part.cost),
  };
}
