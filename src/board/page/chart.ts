// A chart of lines with axes, and a note for what is under the pointer.
import { h, svg, tooltip } from './dom.ts';
import { short, ticks } from './format.ts';

export interface Line {
  readonly name: string;
  readonly color: string;
  /** x and y; a null is a gap. */
  readonly points: readonly (readonly [x: number, y: number | null])[];
  readonly isFaint?: boolean;
}
export interface ChartOptions {
  readonly lines: readonly Line[];
  readonly label: string;
  readonly height: number;
  readonly logarithmic?: boolean;
  /** Fixed limits of an axis. */
  readonly x?: readonly [number, number];
  readonly y?: readonly [number, number];
  readonly xText?: (x: number) => string;
  /** Whether there is nothing between the whole numbers of x. */
  readonly isWhole?: boolean;
  /** The note for the points nearest to `x`, if there is one: of every line that is not faint, its index. */
  readonly note?: (nearest: readonly { readonly line: Line; readonly index: number }[]) => Node;
}
const MARGIN = { left: 52, right: 8, top: 8, bottom: 24 };

/** Draws a chart into `root`, as wide as that is. */
export function drawChart(root: HTMLElement, options: ChartOptions): void {
  const width = Math.max(200, root.clientWidth);
  const { height, lines, logarithmic = false } = options;
  const [x0, x1] =
    options.x ??
    extent(
      lines.flatMap(({ points }) => points.map(([x]) => x)),
      0,
    );
  const isVisible = (y: number | null): y is number => y !== null && (!logarithmic || y > 0);
  const scale = (y: number): number => (logarithmic ? Math.log10(y) : y);
  const drawn = lines.flatMap(({ points }) => points.flatMap(([, y]) => (isVisible(y) ? scale(y) : [])));
  const [y0, y1] = options.y ?? extent(drawn, 0.05);
  const px = (x: number): number => MARGIN.left + ((x - x0) / (x1 - x0)) * (width - MARGIN.left - MARGIN.right);
  const py = (y: number): number => height - MARGIN.bottom - ((scale(y) - y0) / (y1 - y0)) * (height - MARGIN.top - MARGIN.bottom);

  const picture = svg('svg', { width, height, role: 'img', 'aria-label': options.label });
  const yTicks = logarithmic
    ? ticks(y0, y1, 4)
        .filter(Number.isInteger)
        .map((p) => 10 ** p)
    : ticks(y0, y1, Math.max(2, height / 36));
  for (const y of yTicks) {
    picture.append(svg('line', { class: 'grid', x1: MARGIN.left, x2: width - MARGIN.right, y1: py(y), y2: py(y) }));
    picture.append(svg('text', { x: MARGIN.left - 8, y: py(y) + 4, 'text-anchor': 'end' }, short(y)));
  }
  for (const x of ticks(x0, x1, width / 90).filter((tick) => !options.isWhole || Number.isInteger(tick))) {
    picture.append(svg('line', { class: 'grid', x1: px(x), x2: px(x), y1: MARGIN.top, y2: height - MARGIN.bottom }));
    picture.append(svg('text', { x: px(x), y: height - 8, 'text-anchor': 'middle' }, (options.xText ?? short)(x)));
  }
  picture.append(
    svg('line', { class: 'axis', x1: MARGIN.left, x2: width - MARGIN.right, y1: height - MARGIN.bottom, y2: height - MARGIN.bottom }),
  );
  for (const { points, color, isFaint = false } of lines) {
    const seen = points.filter(([, y]) => isVisible(y));
    const path = pathOf(points, (y) => isVisible(y), px, py);
    picture.append(
      svg('path', {
        d: path,
        fill: 'none',
        stroke: color,
        'stroke-width': isFaint ? 1 : 1.8,
        'stroke-linejoin': 'round',
        class: isFaint ? 'raw' : 'line',
      }),
    );
    if (seen.length === 1 && !isFaint) picture.append(svg('circle', { cx: px(seen[0]![0]), cy: py(seen[0]![1]!), r: 3, fill: color }));
  }
  if (options.note) followPointer(picture, options, { px, py, isVisible, x: [x0, x1], height, width });
  root.replaceChildren(picture);
}

/** Limits with `room` on both sides; wide enough to draw where all are one. */
function extent(values: readonly number[], room: number): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of values) {
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  if (low > high) return [0, 1];
  if (low === high) return [low - Math.max(0.5, Math.abs(low) * 0.1), high + Math.max(0.5, Math.abs(high) * 0.1)];
  return [low - room * (high - low), high + room * (high - low)];
}
function pathOf(
  points: Line['points'],
  isVisible: (y: number | null) => boolean,
  px: (x: number) => number,
  py: (y: number) => number,
): string {
  let path = '';
  let isOpen = false;
  for (const [x, y] of points) {
    if (isVisible(y)) path += `${isOpen ? 'L' : 'M'}${px(x).toFixed(1)} ${py(y!).toFixed(1)}`;
    isOpen = isVisible(y);
  }
  return path;
}

interface Geometry {
  readonly px: (x: number) => number;
  readonly py: (y: number) => number;
  readonly isVisible: (y: number | null) => boolean;
  readonly x: readonly [number, number];
  readonly width: number;
  readonly height: number;
}
function followPointer(
  picture: SVGSVGElement,
  { lines, note }: ChartOptions,
  { px, py, isVisible, x: [x0, x1], width, height }: Geometry,
): void {
  const marks = svg('g');
  picture.append(marks);
  const leave = (): void => {
    marks.replaceChildren();
    tooltip(null);
  };
  picture.addEventListener('pointerleave', leave);
  picture.addEventListener('pointermove', (event) => {
    const at = event.clientX - picture.getBoundingClientRect().left;
    const x = x0 + ((at - MARGIN.left) / (width - MARGIN.left - MARGIN.right)) * (x1 - x0);
    const nearest = lines.flatMap((line) => {
      if (line.isFaint || line.points.length === 0) return [];
      const index = nearestIndex(line.points, x);
      return isVisible(line.points[index]![1]) ? [{ line, index }] : [];
    });
    if (nearest.length === 0) return leave();
    const cross = px(nearest[0]!.line.points[nearest[0]!.index]![0]);
    const dots = nearest.map(({ line, index }) => {
      const [px0, py0] = line.points[index]!;
      return svg('circle', { cx: px(px0), cy: py(py0!), r: 3.5, fill: line.color });
    });
    marks.replaceChildren(svg('line', { class: 'cross', x1: cross, x2: cross, y1: MARGIN.top, y2: height - MARGIN.bottom }), ...dots);
    tooltip(note!(nearest), event.clientX, event.clientY);
  });
}
function nearestIndex(points: Line['points'], x: number): number {
  let best = 0;
  points.forEach(([at], i) => {
    if (Math.abs(at - x) < Math.abs(points[best]![0] - x)) best = i;
  });
  return best;
}

/** A table for a note: a head, and rows that begin with a coloured dot. */
export function noteTable(
  head: readonly string[],
  rows: readonly { readonly color: string; readonly cells: readonly string[] }[],
): HTMLElement {
  const row = ({ color, cells }: { color: string; cells: readonly string[] }): HTMLElement =>
    h('tr', {}, ...cells.map((cell, i) => h('td', {}, i === 0 ? h('i', { style: `--run:${color}` }) : null, cell)));
  return h('table', {}, h('tr', {}, ...head.map((text) => h('th', {}, text))), ...rows.map(row));
}
