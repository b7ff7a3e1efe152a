// Where ticks stand and what they say: matplotlib's MaxNLocator, LogLocator and ScalarFormatter.
export type ScaleType = 'linear' | 'log';
export interface Ticks {
  readonly at: readonly number[];
  readonly labels: readonly string[];
  /** Unlabelled ticks between. */
  readonly minor: readonly number[];
  /** A common factor like '1e6', written at the axis's end. */
  readonly factor: string;
}

const STEPS = [1, 2, 2.5, 5, 10];
/** Rounding of the axis's ends may not cost a tick. */
const SLACK = 1e-10;
const MINUS = '\u2212';
const minus = (text: string): string => text.replaceAll('-', MINUS);
const exponentOf = (x: number): number => Math.floor(Math.log10(Math.abs(x)));

/** Round places between two numbers, at most `bins` + 1 of them. */
export function linearPlaces(low: number, high: number, bins: number): number[] {
  const span = high - low;
  const middle = (low + high) / 2;
  const scale = 10 ** Math.floor(Math.log10(span / bins));
  const offset = Math.abs(middle) / span < 100 ? 0 : Math.sign(middle) * 10 ** exponentOf(middle);
  const [from, to] = [low - offset, high - offset];
  const steps = [...STEPS.slice(0, -1).map((s) => s * 0.1), ...STEPS, 20].map((s) => s * scale);
  const widest = steps.findIndex((s) => s >= (to - from) / bins);
  for (let i = widest < 0 ? steps.length - 1 : widest; i >= 0; i--) {
    const step = steps[i]!;
    const first = Math.ceil(from / step - SLACK);
    const count = Math.floor(to / step + SLACK) - first + 1;
    if (count >= 2) return Array.from({ length: count }, (_, k) => Number(((first + k) * step + offset).toPrecision(14)));
  }
  return [low, high];
}
/** Texts of numbers with as many decimals as they need together; huge and tiny ones share a factor. */
export function numberLabels(at: readonly number[]): { labels: string[]; factor: string } {
  const largest = Math.max(0, ...at.map(Math.abs));
  const order = largest === 0 ? 0 : exponentOf(largest);
  const power = order <= -5 || order >= 6 ? order : 0;
  const scaled = at.map((v) => v / 10 ** power);
  const range = Math.max(...scaled) - Math.min(...scaled) || largest / 10 ** power || 1;
  const rangeOrder = exponentOf(range);
  let digits = Math.max(0, 3 - rangeOrder);
  const tolerance = 1e-3 * 10 ** rangeOrder;
  while (digits > 0 && scaled.every((v) => Math.abs(v - Number(v.toFixed(digits - 1))) < tolerance)) digits--;
  const texts = scaled.map((v) => (v === 0 ? 0 : v).toFixed(Math.min(digits, 20)));
  return { labels: texts.map(minus), factor: power === 0 ? '' : `1e${minus(String(power))}` };
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const superscript = (n: number): string => [...String(n)].map((c) => (c === '-' ? '⁻' : SUPERSCRIPTS[Number(c)]!)).join('');
function logTicks(low: number, high: number, bins: number): Ticks {
  const first = Math.ceil(Math.log10(low) - SLACK);
  const last = Math.floor(Math.log10(high) + SLACK);
  const stride = Math.max(1, Math.ceil((last - first + 1) / (bins + 1)));
  const powers = Array.from({ length: Math.max(0, Math.floor((last - first) / stride) + 1) }, (_, i) => first + i * stride);
  const minor: number[] = [];
  if (stride === 1) {
    for (let p = first - 1; p <= last; p++) for (let k = 2; k < 10; k++) minor.push(k * 10 ** p);
  }
  const inside = minor.filter((v) => v >= low && v <= high);
  if (powers.length < 1) return { at: inside, labels: inside.map((v) => String(Number(v.toPrecision(3)))), minor: [], factor: '' };
  return { at: powers.map((p) => 10 ** p), labels: powers.map((p) => `10${superscript(p)}`), minor: inside, factor: '' };
}
/** The ticks of an axis from `low` to `high` with room for `bins` intervals. */
export function automaticTicks(type: ScaleType, low: number, high: number, bins: number): Ticks {
  if (type === 'log') return logTicks(low, high, bins);
  const at = linearPlaces(low, high, bins);
  return { at, ...numberLabels(at), minor: [] };
}
