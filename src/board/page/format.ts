// Numbers and times as text.
const DAY = 86400;

/** A number in few characters. */
export function short(x: number | null): string {
  if (x === null) return 'NaN';
  if (x === 0) return '0';
  const size = Math.abs(x);
  if (size >= 1e6 || size < 1e-3)
    return x
      .toExponential(2)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  return String(Number(x.toPrecision(4)));
}
/** A step: whole numbers in groups of three. */
export const whole = (n: number): string => n.toLocaleString('en-US');
/** Seconds since 1970 as the time here. */
export const clock = (time: number): string =>
  new Date(time * 1000).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
export function duration(seconds: number): string {
  if (Math.abs(seconds) < 60) return `${Number(seconds.toFixed(1))} s`;
  if (Math.abs(seconds) < 3600) return `${Number((seconds / 60).toFixed(1))} min`;
  if (Math.abs(seconds) < DAY) return `${Number((seconds / 3600).toFixed(1))} h`;
  return `${Number((seconds / DAY).toFixed(1))} d`;
}

/** Round numbers between two limits, about `count` of them. */
export function ticks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0) || !Number.isFinite(rough)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough)!;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
