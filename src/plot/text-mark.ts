// Text as a mark of a vega specification.
import type { Mark } from 'vega';
import { FONT, LINE_HEIGHT } from './text.ts';

const value = <T>(v: T): { value: T } => ({ value: v });

interface TextStyle {
  fontsize: number;
  color?: string;
  align?: 'left' | 'center' | 'right';
  angle?: number;
}
/** Text whose last baseline stands at y. */
export function text(content: string, x: number, y: number, { fontsize, color = '#000000', align = 'center', angle = 0 }: TextStyle): Mark {
  const lines = content.split('\n');
  const up = (lines.length - 1) * fontsize * LINE_HEIGHT;
  const turn = (angle * Math.PI) / 180;
  const update = {
    x: value(x + up * Math.sin(turn)),
    y: value(y - up * Math.cos(turn)),
    text: value(lines),
    lineHeight: value(fontsize * LINE_HEIGHT),
    font: value(FONT),
    fontSize: value(fontsize),
    fill: value(color),
    align: value(align),
    baseline: value('alphabetic' as const),
    angle: value(angle),
  };
  return { type: 'text', encode: { update } };
}
