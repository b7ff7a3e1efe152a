// Hyperparameters and what was reached with them: parallel axes, and a table that sorts.
import type { HParamsTable } from '../protocol.ts';
import type { App, View } from './app.ts';
import { h, svg } from './dom.ts';
import { short } from './format.ts';

type Row = HParamsTable['rows'][number];
type Value = number | string | boolean | null | undefined;
interface Column {
  readonly name: string;
  readonly isMetric: boolean;
  readonly of: (row: Row) => Value;
}
const HEIGHT = 260;

export const hparams: View = {
  title: 'HParams',
  count: (index) => (index.hasHParams ? 1 : 0),
  mount: (root, app) => {
    const axes = h('div', { class: 'card' });
    const table = h('div', { class: 'card scroll' });
    root.append(h('div', { class: 'cards', style: 'grid-template-columns:1fr' }, axes, table));
    const sorting = { column: '', isRising: false };
    return () => {
      void app.get<HParamsTable>('hparams').then((data) => {
        const columns: Column[] = [
          ...data.hparams.map((name) => ({ name, isMetric: false, of: (row: Row) => row.hparams[name] })),
          ...data.metrics.map((name) => ({ name, isMetric: true, of: (row: Row) => row.metrics[name] })),
        ];
        const rows = data.rows.filter(({ run }) => app.shows(run));
        const draw = (): void => table.replaceChildren(tableOf(app, columns, sorted(rows, columns, sorting), sorting, draw));
        draw();
        axes.replaceChildren(h('h3', {}, 'Trials'), parallel(axes, app, columns, rows));
      });
    };
  },
};

function sorted(rows: readonly Row[], columns: readonly Column[], { column, isRising }: { column: string; isRising: boolean }): Row[] {
  const by = columns.find(({ name }) => name === column);
  if (!by) return [...rows];
  const key = (row: Row): number | string => {
    const value = by.of(row);
    return typeof value === 'string' ? value : Number(value ?? Number.NaN);
  };
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1) * (isRising ? 1 : -1));
}
const textOf = (value: Value): string =>
  typeof value === 'number' ? short(value) : value === null || value === undefined ? '–' : String(value);

function tableOf(
  app: App,
  columns: readonly Column[],
  rows: readonly Row[],
  sorting: { column: string; isRising: boolean },
  draw: () => void,
): HTMLElement {
  const head = columns.map(({ name, isMetric }) => {
    const arrow = sorting.column === name ? (sorting.isRising ? ' ↑' : ' ↓') : '';
    const sort = (): void => {
      sorting.isRising = sorting.column === name ? !sorting.isRising : false;
      sorting.column = name;
      draw();
    };
    return h('th', { class: isMetric ? 'metric' : '' }, h('button', { type: 'button', click: sort }, name + arrow));
  });
  const body = rows.map((row) =>
    h(
      'tr',
      {},
      h('td', {}, h('span', { class: 'dot', style: `--run:${app.color(row.run)}` }), row.run),
      ...columns.map(({ of }) => h('td', { class: typeof of(row) === 'number' ? 'number' : '' }, textOf(of(row)))),
    ),
  );
  return h('table', { class: 'table' }, h('thead', {}, h('tr', {}, h('th', {}, 'Run'), ...head)), h('tbody', {}, ...body));
}

/** One axis a column, one line a trial. */
function parallel(root: HTMLElement, app: App, columns: readonly Column[], rows: readonly Row[]): SVGSVGElement {
  const width = Math.max(320, root.clientWidth - 28);
  const picture = svg('svg', { width, height: HEIGHT, role: 'img', 'aria-label': 'trials on parallel axes' });
  const x = (i: number): number => 60 + (i * (width - 130)) / Math.max(1, columns.length - 1);
  const place = columns.map((column) => scaleOf(column, rows));
  const y = (share: number): number => HEIGHT - 24 - share * (HEIGHT - 64);
  for (const row of rows) {
    const points = columns.flatMap(({ of }, i) => {
      const share = place[i]!.share(of(row));
      return share === null ? [] : [`${x(i)} ${y(share)}`];
    });
    picture.append(
      svg(
        'path',
        { class: 'line', d: `M${points.join('L')}`, fill: 'none', stroke: app.color(row.run), 'stroke-width': 1.8, opacity: 0.8 },
        svg('title', {}, row.run),
      ),
    );
  }
  columns.forEach(({ name, isMetric }, i) => {
    picture.append(svg('line', { class: 'axis', x1: x(i), x2: x(i), y1: y(0), y2: y(1) }));
    picture.append(
      svg(
        'text',
        { x: x(i), y: 18, 'text-anchor': 'middle', style: `font-weight:600;fill:var(${isMetric ? '--accent' : '--text'})` },
        name,
      ),
    );
    for (const [share, label] of place[i]!.labels) picture.append(svg('text', { class: 'halo', x: x(i) + 6, y: y(share) + 4 }, label));
  });
  return picture;
}
interface Scale {
  /** From 0 to 1; null where a trial has no value. */
  readonly share: (value: Value) => number | null;
  readonly labels: readonly (readonly [share: number, label: string])[];
}
function scaleOf({ of }: Column, rows: readonly Row[]): Scale {
  const values = rows.map(of).filter((value) => value !== null && value !== undefined);
  if (values.every((value) => typeof value === 'number')) {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const share = (value: Value): number | null => (typeof value !== 'number' ? null : high > low ? (value - low) / (high - low) : 0.5);
    return {
      share,
      labels:
        high > low
          ? [
              [0, short(low)],
              [1, short(high)],
            ]
          : values.length
            ? [[0.5, short(low)]]
            : [],
    };
  }
  const names = [...new Set(values.map(String))];
  const at = (name: string): number => (names.length > 1 ? names.indexOf(name) / (names.length - 1) : 0.5);
  const share = (value: Value): number | null => (value === null || value === undefined ? null : at(String(value)));
  return { share, labels: names.map((name) => [at(name), name] as const) };
}
