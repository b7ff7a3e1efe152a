// Where axes stand in their figure, in points from its upper left corner, and how far their texts reach out.
import type { Axes } from './axes.ts';
import { ASCENT, DESCENT, textHeight, textWidth } from './text.ts';
import { automaticTicks, numberLabels, type Ticks } from './ticks.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
/** Margins as parts of the figure, gaps as parts of an axes: matplotlib's defaults. */
export interface Margins {
  left: number;
  right: number;
  bottom: number;
  top: number;
  wspace: number;
  hspace: number;
}
export const MARGINS: Readonly<Margins> = { left: 0.125, right: 0.9, bottom: 0.11, top: 0.88, wspace: 0.2, hspace: 0.2 };
/** Lengths in points: tick marks, and the space from them to their labels, from those to the axis's, and below the title. */
export const TICK = 3.5;
export const TICK_PAD = 3.5;
export const LABEL_PAD = 4;
export const TITLE_PAD = 6;
/** The colour bar's part of its axes' cell, the gap before it, and how much taller than wide it is. */
const BAR_PART = 0.15;
const BAR_GAP = 0.05;
const BAR_ASPECT = 20;

interface Cell {
  readonly box: Box;
  readonly row: readonly [first: number, last: number];
  readonly column: readonly [first: number, last: number];
}
const isRect = (slot: Axes['slot']): slot is readonly [number, number, number, number] => Array.isArray(slot);
function cellOf(axes: Axes, width: number, height: number, m: Margins): Cell {
  const { slot } = axes;
  if (isRect(slot)) {
    const [left, bottom, w, h] = slot;
    return { box: { x: left * width, y: (1 - bottom - h) * height, width: w * width, height: h * height }, row: [0, 0], column: [0, 0] };
  }
  const { nrows, ncols, first, last } = slot;
  const w = ((m.right - m.left) * width) / (ncols + m.wspace * (ncols - 1));
  const h = ((m.top - m.bottom) * height) / (nrows + m.hspace * (nrows - 1));
  const row = [Math.floor(first / ncols), Math.floor(last / ncols)] as const;
  const column = [first % ncols, last % ncols] as const;
  const x = m.left * width + column[0] * w * (1 + m.wspace);
  const y = (1 - m.top) * height + row[0] * h * (1 + m.hspace);
  const across = column[1] - column[0];
  const down = row[1] - row[0];
  return { box: { x, y, width: w + across * w * (1 + m.wspace), height: h + down * h * (1 + m.hspace) }, row, column };
}
/** An axes' place, and its colour bar's. */
export interface Placed {
  readonly axes: Axes;
  readonly box: Box;
  readonly bar: Box | null;
}
export function place(axes: Axes, width: number, height: number, m: Margins): Placed {
  const { box: cell } = cellOf(axes, width, height, m);
  const room = axes.colorBar ? { ...cell, width: cell.width * (1 - BAR_PART - BAR_GAP) } : cell;
  const box = axes.aspect === 'equal' ? withAspect(axes, room) : room;
  if (!axes.colorBar) return { axes, box, bar: null };
  return { axes, box, bar: { x: box.x + box.width + cell.width * BAR_GAP, y: box.y, width: box.height / BAR_ASPECT, height: box.height } };
}
/** The largest box in the middle of another in which both axes have the same scale. */
function withAspect(axes: Axes, room: Box): Box {
  const [x0, x1] = axes.view('x');
  const [y0, y1] = axes.view('y');
  const unit = Math.min(room.width / Math.abs(x1 - x0), room.height / Math.abs(y1 - y0));
  const [width, height] = [Math.abs(x1 - x0) * unit, Math.abs(y1 - y0) * unit];
  return { x: room.x + (room.width - width) / 2, y: room.y + (room.height - height) / 2, width, height };
}

/** The ticks of an axis that is `length` points long. */
export function ticksOf(axes: Axes, axis: 'x' | 'y', length: number): Ticks {
  const settings = axes.ticks[axis];
  const [low, high] = axes.view(axis).sort((a, b) => a - b) as [number, number];
  if (settings.at) {
    const at = [...settings.at];
    const { labels, factor } = settings.labels ? { labels: [...settings.labels], factor: '' } : numberLabels(at);
    const shown = at.map((v) => v >= low - 1e-9 * (high - low) && v <= high + 1e-9 * (high - low));
    return { at: at.filter((_, i) => shown[i]), labels: labels.filter((_, i) => shown[i]), minor: [], factor };
  }
  const room = settings.fontsize * (axis === 'x' ? 3 : 2);
  return automaticTicks(axes.scales[axis], low, high, Math.min(9, Math.max(1, Math.floor(length / room))));
}
/** How wide and high a turned text is. */
function turned(text: string, size: number, degrees: number): { width: number; height: number } {
  const [w, h] = [textWidth(text, size), textHeight(text, size)];
  const angle = (degrees * Math.PI) / 180;
  const [c, s] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
  return { width: w * c + h * s, height: w * s + h * c };
}
/** How far tick labels reach from the axes: the widest along y, the highest along x. */
export function tickReach(axes: Axes, axis: 'x' | 'y', ticks: Ticks): number {
  if (ticks.at.length === 0) return 0;
  const { fontsize, rotation } = axes.ticks[axis];
  const side = axis === 'x' ? 'height' : 'width';
  return TICK + TICK_PAD + Math.max(0, ...ticks.labels.map((text) => turned(text, fontsize, rotation)[side]));
}
/** What stands around an axes' box, in points. */
export interface Reach {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
export function reach({ axes, box, bar }: Placed): Reach {
  const title = axes.titleText.text ? TITLE_PAD + textHeight(axes.titleText.text, axes.titleText.fontsize) : 0;
  const barReach = bar && axes.colorBar ? bar.x + bar.width - box.x - box.width + barTextReach(axes, bar) : 0;
  if (!axes.frameOn) return { left: 0, right: barReach, top: title, bottom: 0 };
  const x = ticksOf(axes, 'x', box.width);
  const y = ticksOf(axes, 'y', box.height);
  const label = (axis: 'x' | 'y'): number =>
    axes.labels[axis].text ? LABEL_PAD + textHeight(axes.labels[axis].text, axes.labels[axis].fontsize) : 0;
  const lastWidth = x.labels.length ? textWidth(x.labels[x.labels.length - 1]!, axes.ticks.x.fontsize) / 2 : 0;
  return {
    left: tickReach(axes, 'y', y) + label('y'),
    right: Math.max(barReach, lastWidth * (axes.ticks.x.rotation === 0 ? 0.5 : 0)),
    top: title + (y.factor && !title ? axes.ticks.y.fontsize * (ASCENT + DESCENT) + 2 : 0),
    bottom: tickReach(axes, 'x', x) + label('x'),
  };
}
function barTextReach(axes: Axes, bar: Box): number {
  const { vmin, vmax } = axes.colorBar!.mapped;
  const ticks = automaticTicks('linear', vmin, vmax, Math.min(9, Math.max(1, Math.floor(bar.height / 20))));
  const labels = TICK + TICK_PAD + Math.max(0, ...ticks.labels.map((text) => textWidth(text, 10)));
  return labels + (axes.colorBar!.label ? LABEL_PAD + textHeight(axes.colorBar!.label, 10) : 0);
}

/** Margins at which all texts just fit, with `pad` points around them: matplotlib's tight_layout. */
export function tightMargins(all: readonly Axes[], width: number, height: number, m: Margins, pad: number, above: number): Margins {
  const gridded = all.filter((axes) => !isRect(axes.slot));
  if (gridded.length === 0) return { ...m };
  const { nrows, ncols } = gridded[0]!.slot as Exclude<Axes['slot'], readonly number[]>;
  const need = { left: 0, right: 0, top: 0, bottom: 0, across: 0, down: 0 };
  for (const axes of gridded) {
    const cell = cellOf(axes, width, height, m);
    const placed = place(axes, width, height, m);
    const out = reach(placed);
    // What a box with a fixed aspect leaves free of its cell on either side, and the colour bar's part of the cell.
    const spare = { x: placed.box.x - cell.box.x, y: placed.box.y - cell.box.y };
    const left = Math.max(0, out.left - spare.x);
    const right = Math.max(0, placed.box.x + placed.box.width + out.right - cell.box.x - cell.box.width);
    const [top, bottom] = [Math.max(0, out.top - spare.y), Math.max(0, out.bottom - spare.y)];
    if (cell.column[0] === 0) need.left = Math.max(need.left, left);
    else need.across = Math.max(need.across, left + sideNeed(gridded, cell.column[0] - 1, 'right', width, height, m));
    if (cell.column[1] === ncols - 1) need.right = Math.max(need.right, right);
    if (cell.row[0] === 0) need.top = Math.max(need.top, top);
    else need.down = Math.max(need.down, top + sideNeed(gridded, cell.row[0] - 1, 'bottom', width, height, m));
    if (cell.row[1] === nrows - 1) need.bottom = Math.max(need.bottom, bottom);
  }
  const left = (need.left + pad) / width;
  const right = 1 - (need.right + pad) / width;
  const top = 1 - (need.top + pad + above) / height;
  const bottom = (need.bottom + pad) / height;
  if (left >= right || bottom >= top) return { ...m };
  const gapX = ncols > 1 ? need.across + pad : 0;
  const gapY = nrows > 1 ? need.down + pad : 0;
  const w = ((right - left) * width - gapX * (ncols - 1)) / ncols;
  const h = ((top - bottom) * height - gapY * (nrows - 1)) / nrows;
  if (w <= 0 || h <= 0) return { ...m };
  return { left, right, top, bottom, wspace: gapX / w, hspace: gapY / h };
}
/** The most that axes ending in a column (or row) need on their right (or below). */
function sideNeed(all: readonly Axes[], index: number, side: 'right' | 'bottom', width: number, height: number, m: Margins): number {
  let most = 0;
  for (const axes of all) {
    const cell = cellOf(axes, width, height, m);
    if ((side === 'right' ? cell.column[1] : cell.row[1]) !== index) continue;
    const placed = place(axes, width, height, m);
    const out = reach(placed)[side];
    const [end, cellEnd] =
      side === 'right'
        ? [placed.box.x + placed.box.width, cell.box.x + cell.box.width]
        : [placed.box.y + placed.box.height, cell.box.y + cell.box.height];
    most = Math.max(most, end + out - cellEnd);
  }
  return most;
}
