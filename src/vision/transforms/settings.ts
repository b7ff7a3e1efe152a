// How the settings of transforms are read and shown.
import { pythonFloat } from '../../core/dtype.ts';
import { ValueError } from '../../core/errors.ts';
import { Tensor } from '../../core/tensor.ts';
import type { Picture } from './common.ts';
import { get_image_num_channels } from './functional.ts';
import type { Fill } from './tensor_geometry.ts';

/** A range to draw from. */
export type Chances = readonly [low: number, high: number];

/** @throws TypeError, ValueError unless there is a list of one of the lengths. */
export function checkSequence(x: unknown, name: string, lengths: readonly number[]): void {
  const message = `${name} should be a sequence of length ${lengths.join(' or ')}.`;
  if (!Array.isArray(x)) throw new TypeError(message);
  if (!lengths.includes(x.length)) throw new ValueError(message);
}
/** −x to x, or the range that is given. */
export function anglesOf(x: number | readonly number[], name: string, lengths: readonly number[]): number[] {
  if (typeof x !== 'number') {
    checkSequence(x, name, lengths);
    return [...x];
  }
  if (x < 0) throw new ValueError(`If ${name} is a single number, it must be positive.`);
  return [-x, x];
}
/** @throws TypeError for a fill of the wrong kind. */
export function setFill(fill: Fill): Fill {
  if (fill === null) return 0;
  if (typeof fill !== 'number' && !Array.isArray(fill)) throw new TypeError('Fill should be either a sequence or a number.');
  return fill;
}
/** Tensors get one number for each channel. */
export function fillFor(img: Picture, fill: Fill): Fill {
  if (!(img instanceof Tensor)) return fill;
  return typeof fill === 'number' ? new Array<number>(get_image_num_channels(img)).fill(fill) : fill;
}

/** A setting as Python prints it; lists as tuples unless told otherwise. */
export function tuple(v: unknown, float = false, brackets: '()' | '[]' = '()'): string {
  if (v === null || v === undefined) return 'None';
  if (typeof v === 'boolean') return v ? 'True' : 'False';
  if (Array.isArray(v))
    return `${brackets[0]}${v.map((x) => tuple(x, float)).join(', ')}${v.length === 1 && brackets === '()' ? ',' : ''}${brackets[1]}`;
  if (typeof v === 'number') return float || !Number.isInteger(v) ? pythonFloat(v) : String(v);
  return String(v);
}
