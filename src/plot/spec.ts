// A figure as a specification of vega (https://vega.github.io/vega/docs/specification/); lengths are points.
import type { Axis, GroupMark, Mark, Scale, Spec } from 'vega';
import type { Axes } from './axes.ts';
import { hex } from './colors.ts';
import { type Colormap, colormap } from './colormaps.ts';
import type { Figure } from './figure.ts';
import { type Box, LABEL_PAD, type Placed, place, ticksOf, TICK, TICK_PAD, tickReach, TITLE_PAD } from './layout.ts';
import { legendMarks } from './legend-marks.ts';
import { text } from './text-mark.ts';
import { draw, type Frame } from './marks.ts';
import type { Encode, ImageTools } from './raster.ts';
import { ASCENT, DESCENT, FONT, textHeight } from './text.ts';
import { automaticTicks, type ScaleType, type Ticks } from './ticks.ts';

const BLACK = '#000000';
const GRID = '#b0b0b0';
const HAIRLINE = 0.8;
const value = <T>(v: T): { value: T } => ({ value: v });

function scale(name: 'x' | 'y', type: ScaleType, domain: readonly number[], range: readonly number[]): Scale {
  return { name, type, domain: [...domain], range: [...range], zero: false, nice: false, clamp: false } as Scale;
}
const project = (type: ScaleType, [low, high]: readonly number[], v: number): number =>
  type === 'log' ? (Math.log(v) - Math.log(low!)) / (Math.log(high!) - Math.log(low!)) : (v - low!) / (high! - low!);

/** An axis's ticks, their labels and its grid. */
function axis(axes: Axes, which: 'x' | 'y', orient: 'bottom' | 'left' | 'right', ticks: Ticks, grid: boolean): Axis[] {
  const { fontsize, rotation } = axes.ticks[which];
  const plain = rotation === 0;
  const common = {
    scale: which,
    orient,
    domain: false,
    translate: 0,
    tickColor: BLACK,
    labelOverlap: false,
    labelBound: false,
    labelFlush: false,
  } as const;
  // Vega measures from the middle of a line, the eye from its baseline: ticks' labels stand on alphabetic baselines.
  const placed = plain
    ? which === 'x'
      ? { labelBaseline: 'alphabetic' as const, labelPadding: TICK_PAD + fontsize * ASCENT }
      : { labelBaseline: 'alphabetic' as const, labelPadding: TICK_PAD, labelOffset: fontsize * 0.38 }
    : {
        labelBaseline: 'middle' as const,
        labelPadding: TICK_PAD,
        labelAlign: which === 'x' && rotation % 90 !== 0 ? ('right' as const) : undefined,
        labelAngle: -rotation,
      };
  const major: Axis = {
    ...common,
    ...placed,
    values: [...ticks.at],
    grid,
    gridScale: which === 'x' ? 'y' : 'x',
    gridColor: GRID,
    gridWidth: HAIRLINE,
    tickSize: TICK,
    tickRound: false,
    tickWidth: HAIRLINE,
    labelFont: FONT,
    labelFontSize: fontsize,
    labelColor: BLACK,
    labelLimit: 0,
    encode: {
      labels: { update: { text: { signal: `${JSON.stringify(ticks.labels)}[indexof(${JSON.stringify(ticks.at)}, datum.value)]` } } },
    },
  };
  if (ticks.minor.length === 0) return [major];
  return [major, { ...common, values: [...ticks.minor], labels: false, grid: false, tickRound: false, tickSize: 2, tickWidth: 0.6 }];
}
/** Labels, title and shared factors around the box. */
function captions(axes: Axes, box: Box, ticks: { x: Ticks; y: Ticks }): Mark[] {
  const marks: Mark[] = [];
  const { titleText, labels } = axes;
  if (titleText.text) marks.push(text(titleText.text, box.width / 2, -TITLE_PAD, titleText));
  if (!axes.frameOn) return marks;
  if (labels.x.text) {
    const top = box.height + tickReach(axes, 'x', ticks.x) + LABEL_PAD;
    marks.push(
      text(labels.x.text, box.width / 2, top + textHeight(labels.x.text, labels.x.fontsize) - labels.x.fontsize * DESCENT, labels.x),
    );
  }
  if (labels.y.text) {
    const right = -(tickReach(axes, 'y', ticks.y) + LABEL_PAD + labels.y.fontsize * DESCENT);
    marks.push(text(labels.y.text, right, box.height / 2, { ...labels.y, angle: -90 }));
  }
  const small = axes.ticks.x.fontsize;
  if (ticks.y.factor) marks.push(text(ticks.y.factor, 0, -3, { fontsize: small, align: 'left' }));
  if (ticks.x.factor)
    marks.push(text(ticks.x.factor, box.width, box.height + tickReach(axes, 'x', ticks.x) + small, { fontsize: small, align: 'right' }));
  return marks;
}
const outline = (box: Box): Mark => ({
  type: 'rect',
  encode: {
    update: {
      x: value(0),
      y: value(0),
      width: value(box.width),
      height: value(box.height),
      stroke: value(BLACK),
      strokeWidth: value(HAIRLINE),
    },
  },
});
const sizeOf = (box: Box): Record<'width' | 'height', { value: number }> => ({ width: value(box.width), height: value(box.height) });
const placeOf = (box: Box): Record<string, { value: number }> => ({ x: value(box.x), y: value(box.y), ...sizeOf(box) });

function axesGroup({ axes, box }: Placed, name: string, pixels: number, tools: ImageTools): GroupMark {
  const [x, y] = [axes.view('x'), axes.view('y')];
  const frame: Frame = {
    ...sizes(box),
    name,
    pixels,
    ...tools,
    project: (px, py) => [project(axes.scales.x, x, px) * box.width, (1 - project(axes.scales.y, y, py)) * box.height],
  };
  const drawn = [...axes.artists].sort((a, b) => a.zorder - b.zorder).map((artist, i) => draw(artist, frame, i));
  const ticks = { x: ticksOf(axes, 'x', box.width), y: ticksOf(axes, 'y', box.height) };
  const data = drawn.flatMap((d) => d.data);
  const marks = drawn.flatMap((d) => d.marks);
  return {
    type: 'group',
    encode: { update: { ...placeOf(box), fill: value(axes.frameOn ? '#ffffff' : 'transparent') } },
    data,
    scales: [scale('x', axes.scales.x, x, [0, box.width]), scale('y', axes.scales.y, y, [box.height, 0])],
    axes: axes.frameOn ? [...axis(axes, 'x', 'bottom', ticks.x, axes.gridOn.x), ...axis(axes, 'y', 'left', ticks.y, axes.gridOn.y)] : [],
    marks: [
      { type: 'group', clip: true, encode: { update: { x: value(0), y: value(0), ...sizeOf(box) } }, marks },
      ...(axes.frameOn ? [outline(box)] : []),
      ...captions(axes, box, ticks),
      ...legendMarks(axes, box, frame),
    ],
  } as GroupMark;
}
const sizes = ({ width, height }: Box): { width: number; height: number } => ({ width, height });
const BAR_STEPS = 256;
/** The colour bar of an axes. */
function barGroup({ axes, bar }: Placed, map: (cmap: string) => Colormap): GroupMark[] {
  if (!bar || !axes.colorBar) return [];
  const { mapped, label } = axes.colorBar;
  const ticks = automaticTicks('linear', mapped.vmin, mapped.vmax, Math.min(9, Math.max(1, Math.floor(bar.height / 20))));
  const shown = ticks.at.map((v) => v >= mapped.vmin && v <= mapped.vmax);
  const colors = map(mapped.cmap);
  const strips: Mark[] = Array.from({ length: BAR_STEPS }, (_, i) => {
    const [r, g, b] = colors((i + 0.5) / BAR_STEPS);
    const step = bar.height / BAR_STEPS;
    // A strip reaches under the next one, so that no seam shows between them.
    const top = Math.max(0, bar.height - (i + 1) * step - step / 2);
    const update = {
      x: value(0),
      width: value(bar.width),
      y: value(top),
      height: value(bar.height - i * step - top),
      fill: value(hex(r / 255, g / 255, b / 255)),
    };
    return { type: 'rect', encode: { update } };
  });
  const kept: Ticks = { ...ticks, at: ticks.at.filter((_, i) => shown[i]), labels: ticks.labels.filter((_, i) => shown[i]) };
  const beside = axis({ ticks: { y: { fontsize: 10, rotation: 0 } } } as Axes, 'y', 'right', kept, false);
  const reach = TICK + TICK_PAD + Math.max(0, ...kept.labels.map((t) => t.length * 6.36));
  const labels = label ? [text(label, bar.width + reach + LABEL_PAD + 10 * ASCENT, bar.height / 2, { fontsize: 10, angle: -90 })] : [];
  const group = {
    type: 'group',
    encode: { update: placeOf(bar) },
    scales: [scale('y', 'linear', [mapped.vmin, mapped.vmax], [bar.height, 0])],
    axes: beside,
    marks: [...strips, outline(bar), ...labels],
  };
  return [group as GroupMark];
}

/** Vega's colour schemes, and an encoder of images. */
export interface DrawingTools {
  scheme(name: string): unknown;
  readonly encode: Encode;
}
/** The specification of a figure. `pixels` a point decide how finely images are enlarged. */
export function figureSpec(figure: Figure, pixels: number, { scheme, encode }: DrawingTools): Spec {
  const [width, height] = figure.points;
  const maps = new Map<string, Colormap>();
  const map = (cmap: string): Colormap => {
    const made = maps.get(cmap) ?? colormap(cmap, scheme);
    maps.set(cmap, made);
    return made;
  };
  const placed = figure.axes.map((axes) => place(axes, width, height, figure.margins));
  const marks: Mark[] = placed.flatMap((p, i) => [axesGroup(p, `axes${i}`, pixels, { map, encode }), ...barGroup(p, map)]);
  const { supTitle } = figure;
  if (supTitle.text)
    marks.push(
      text(supTitle.text, width / 2, height * 0.02 + textHeight(supTitle.text, supTitle.fontsize) - supTitle.fontsize * DESCENT, supTitle),
    );
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    width,
    height,
    padding: 0,
    autosize: 'none',
    background: figure.facecolor,
    marks,
  };
}
