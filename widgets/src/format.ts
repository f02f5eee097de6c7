/** Numbers with their units. Unknown is an em dash, never 0. */
export const UNKNOWN = "—";

type Maybe = number | null | undefined;
const known = (value: Maybe): value is number => typeof value === "number" && Number.isFinite(value);
// Making a formatter costs a hundred times what using it does, and a brush writes a hundred numbers a frame.
const formatters = new Map<number, Intl.NumberFormat>();

function digits(value: number, places: number): string {
  let formatter = formatters.get(places);
  if (!formatter) {
    formatter = new Intl.NumberFormat("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
    formatters.set(places, formatter);
  }
  return formatter.format(value);
}

/** Three significant digits, so that neighbouring figures have the same precision. */
const three = (value: number) => digits(value, value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2);

export const count = (value: Maybe) => (known(value) ? digits(value, 0) : UNKNOWN);

export function compact(value: Maybe): string {
  if (!known(value)) return UNKNOWN;
  const size = Math.abs(value);
  if (size >= 999.5e6) return `${three(value / 1e9)}G`;
  if (size >= 999.5e3) return `${three(value / 1e6)}M`;
  if (size >= 9999.5) return `${three(value / 1e3)}k`;
  return digits(value, 0);
}

export function duration(ms: Maybe): string {
  if (!known(ms)) return UNKNOWN;
  const size = Math.abs(ms);
  if (size === 0) return "0 ms";
  if (size < 0.9995) return `${three(ms * 1000)} µs`;
  if (size < 999.5) return `${size < 9.995 ? three(ms) : digits(ms, 0)} ms`;
  if (size < 59_950) return `${three(ms / 1000)} s`;
  if (size < 3_599_500) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  return `${digits(ms / 3_600_000, 1)} h`;
}

export function money(usd: Maybe): string {
  if (!known(usd)) return UNKNOWN;
  if (usd === 0) return "$0";
  const size = Math.abs(usd);
  if (size < 0.0001) return "< $0.0001";
  return `$${digits(usd, size < 0.995 ? 1 - Math.floor(Math.log10(size)) : 2)}`;
}

export function percent(share: Maybe): string {
  if (!known(share)) return UNKNOWN;
  const value = share * 100;
  if (value !== 0 && Math.abs(value) < 0.1) return `${Number(value.toPrecision(2))} %`;
  return `${digits(value, 1).replace(/\.0$/, "")} %`;
}

const pad = (value: number, width = 2) => String(value).padStart(width, "0");

/** The noun for so many of what is named in the plural: of one, without its s. */
export const noun = (plural: string, number: number) => (number === 1 ? plural.replace(/s$/, "") : plural);

/** UTC time of day and date, to the second; `fine` adds milliseconds. */
export function time(ms: Maybe, fine = false): string {
  if (!known(ms)) return UNKNOWN;
  const at = new Date(ms);
  if (Number.isNaN(at.getTime())) return UNKNOWN;
  const day = `${at.getUTCFullYear()}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())}`;
  const clock = `${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}:${pad(at.getUTCSeconds())}`;
  return `${day} ${clock}${fine ? `.${pad(at.getUTCMilliseconds(), 3)}` : ""}`;
}

/** UTC time to the minute, or the second where it is not a whole minute. */
export const minute = (ms: Maybe) => time(ms).replace(/:00$/, "");

export function format(value: Maybe, unit: string): string {
  switch (unit) {
    case "ms":
      return duration(value);
    case "USD":
      return money(value);
    case "share":
      return percent(value);
    default:
      return compact(value);
  }
}
