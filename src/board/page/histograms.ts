// Histograms over time: one ridge a step, the newest in front.
import type { HistogramStep, Histograms } from '../protocol.ts';
import type { App, View } from './app.ts';
import { cardGrid } from './cards.ts';
import { h, svg, tooltip } from './dom.ts';
import { clock, short, ticks, whole } from './format.ts';

const BINS = 48;
/** How many ridges can be told apart. */
const RIDGES = 40;
const MARGIN = { left: 10, right: 46, top: 14, bottom: 24 };

/** Counts in equal bins from `low` to `high`: a bucket that lies in several is shared out by width. */
function rebinned({ edges, counts }: HistogramStep, low: number, high: number): number[] {
  const width = (high - low) / BINS;
  const bins = new Array<number>(BINS).fill(0);
  counts.forEach((count, i) => {
    const [from, to] = [edges[i]!, edges[i + 1]!];
    if (count === 0) return;
    const first = Math.max(0, Math.min(BINS - 1, Math.floor((from - low) / width)));
    const last = Math.max(0, Math.min(BINS - 1, Math.ceil((to - low) / width) - 1));
    for (let bin = first; bin <= last; bin++) {
      const overlap = Math.min(to, low + (bin + 1) * width) - Math.max(from, low + bin * width);
      bins[bin]! += to > from ? (count * Math.max(0, overlap)) / (to - from) : count;
    }
  });
  return bins;
}
/** Evenly spaced ones, the last among them. */
function picked<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  return Array.from({ length: most }, (_, i) => all[Math.round((i * (all.length - 1)) / (most - 1))]!);
}

export const histograms: View = {
  title: 'Histograms',
  count: (index) => Object.keys(index.histograms).length,
  mount: (root, app) =>
    cardGrid(
      root,
      app,
      () => app.index.histograms,
      (tag) => {
        const body = h('div');
        return { body, update: async () => draw(body, app, await app.get<Histograms>('histograms', { tag })) };
      },
    ),
};

function draw(body: HTMLElement, app: App, data: Histograms): void {
  const parts = Object.entries(data)
    .filter(([run, steps]) => app.shows(run) && steps.length > 0)
    .flatMap(([run, steps]) => [
      h('div', { class: 'caption' }, h('span', { class: 'dot', style: `--run:${app.color(run)}` }), run),
      ridges(body, app.color(run), steps),
    ]);
  body.replaceChildren(...parts);
}
function ridges(body: HTMLElement, color: string, all: readonly HistogramStep[]): SVGSVGElement {
  const steps = picked(all, RIDGES);
  const width = Math.max(200, body.clientWidth);
  const height = body.closest('.wide') ? 420 : 210;
  const low = Math.min(...steps.map(({ edges }) => edges[0]!));
  let high = Math.max(...steps.map(({ edges }) => edges.at(-1)!));
  if (!(high > low)) high = low + 1;
  const bins = steps.map((step) => rebinned(step, low, high));
  const top = Math.max(1e-12, ...bins.flat());
  const depth = steps.length > 1 ? (height - MARGIN.top - MARGIN.bottom) * 0.58 : 0;
  const rise = height - MARGIN.top - MARGIN.bottom - depth;
  const px = (v: number): number => MARGIN.left + ((v - low) / (high - low)) * (width - MARGIN.left - MARGIN.right);
  const base = (i: number): number => height - MARGIN.bottom - depth + (steps.length > 1 ? (depth * i) / (steps.length - 1) : 0);

  const picture = svg('svg', { width, height, role: 'img', 'aria-label': 'histogram' });
  for (const v of ticks(low, high, width / 70)) {
    picture.append(svg('line', { class: 'grid', x1: px(v), x2: px(v), y1: MARGIN.top, y2: height - MARGIN.bottom }));
    picture.append(svg('text', { x: px(v), y: height - 8, 'text-anchor': 'middle' }, short(v)));
  }
  const center = (bin: number): number => px(low + ((bin + 0.5) / BINS) * (high - low));
  steps.forEach((step, i) => {
    const outline = bins[i]!.map((count, bin) => `L${center(bin).toFixed(1)} ${(base(i) - (count / top) * rise).toFixed(1)}`).join('');
    const share = 30 + (60 * (i + 1)) / steps.length;
    const ridge = svg('path', {
      class: 'ridge',
      d: `M${px(low)} ${base(i)}${outline}L${px(high)} ${base(i)}`,
      fill: `color-mix(in srgb, ${color} ${share}%, var(--panel))`,
      stroke: 'var(--panel)',
      'stroke-width': 1,
    });
    ridge.addEventListener('pointermove', (event) => {
      ridge.setAttribute('stroke', 'var(--text)');
      const total = step.counts.reduce((sum, n) => sum + n, 0);
      tooltip(
        h(
          'div',
          {},
          `step ${whole(step.step)}, ${whole(total)} values from ${short(step.edges[0]!)} to ${short(step.edges.at(-1)!)}, ${clock(step.time)}`,
        ),
        event.clientX,
        event.clientY,
      );
    });
    ridge.addEventListener('pointerleave', () => {
      ridge.setAttribute('stroke', 'var(--panel)');
      tooltip(null);
    });
    picture.append(ridge);
  });
  const labelled =
    steps.length > 1
      ? picked(
          steps.map(({ step }, i) => ({ step, i })),
          5,
        )
      : steps.map(({ step }, i) => ({ step, i }));
  for (const { step, i } of labelled) picture.append(svg('text', { x: width - MARGIN.right + 6, y: base(i) + 4 }, whole(step)));
  return picture;
}
