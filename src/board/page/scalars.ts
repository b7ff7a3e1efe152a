// Scalars as lines, smoothed as TensorBoard does it.
import type { ScalarPoint, Scalars } from '../protocol.ts';
import type { App, View } from './app.ts';
import { cardGrid } from './cards.ts';
import { drawChart, type Line, noteTable } from './chart.ts';
import { h } from './dom.ts';
import { duration, short, whole } from './format.ts';

/** An exponential moving average without the bias towards the beginning; values that are not numbers stay out of it. */
export function smoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  let average = 0;
  let seen = 0;
  return values.map((value) => {
    if (value === null) return null;
    average = average * weight + (1 - weight) * value;
    seen++;
    return weight === 0 ? value : average / (1 - weight ** seen);
  });
}
/** A point's place on the axis that was chosen. */
function placeOf(app: App, [first]: readonly ScalarPoint[]): (point: ScalarPoint) => number {
  switch (app.settings.axis) {
    case 'step':
      return ([step]) => step;
    case 'relative':
      return ([, time]) => time - first![1];
    case 'wall':
      return ([, time]) => time;
  }
}
const AXES = { step: whole, relative: duration, wall: (time: number) => new Date(time * 1000).toLocaleTimeString() };

export const scalars: View = {
  title: 'Scalars',
  count: (index) => Object.keys(index.scalars).length,
  mount: (root, app) =>
    cardGrid(
      root,
      app,
      () => app.index.scalars,
      (tag) => {
        const body = h('div');
        return { body, update: async () => draw(body, app, tag, await app.get<Scalars>('scalars', { tag })) };
      },
    ),
};

function draw(body: HTMLElement, app: App, tag: string, data: Scalars): void {
  const { smoothing, axis, logarithmic } = app.settings;
  const series = Object.entries(data).filter(([run, points]) => app.shows(run) && points.length > 0);
  const smooth = new Map(
    series.map(([run, points]) => [
      run,
      smoothed(
        points.map(([, , value]) => value),
        smoothing,
      ),
    ]),
  );
  const lines = series.flatMap(([run, points]): Line[] => {
    const place = placeOf(app, points);
    const line = (values: readonly (number | null)[]): Line['points'] => points.map((point, i) => [place(point), values[i] ?? null]);
    const shown = { name: run, color: app.color(run), points: line(smooth.get(run)!) };
    return smoothing > 0 ? [{ ...shown, isFaint: true, points: line(points.map(([, , value]) => value)) }, shown] : [shown];
  });
  drawChart(body, {
    lines,
    label: tag,
    height: body.closest('.wide') ? 400 : 200,
    logarithmic,
    xText: AXES[axis],
    isWhole: axis === 'step',
    note: (nearest) =>
      noteTable(
        ['Run', 'Smoothed', 'Value', 'Step', 'Relative', 'Time'],
        nearest.map(({ line, index }) => {
          const points = data[line.name]!;
          const [step, time, value] = points[index]!;
          const cells = [
            line.name,
            short(line.points[index]![1]),
            short(value),
            whole(step),
            duration(time - points[0]![1]),
            new Date(time * 1000).toLocaleTimeString(),
          ];
          return { color: line.color, cells };
        }),
      ),
  });
}
