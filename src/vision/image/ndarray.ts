// Images as ndarray-shaped objects and back.
import { contiguousStrides } from '../../core/size.ts';
import type { NDArray } from '../../surface/arrays.ts';
import { bandCount, blank, type Mode, modeInfo, type Raster } from './raster.ts';

/** The pixels as an array over a copy of the memory; bilevel images become booleans, as in NumPy. */
export function arrayOf({ mode, width, height, data }: Raster): NDArray {
  const bands = bandCount(mode);
  const values = mode === '1' ? (data as Uint8Array).map((v) => (v ? 1 : 0)) : data.slice();
  const dtype = { Uint8Array: 'uint8', Uint16Array: 'uint16', Int32Array: 'int32', Float32Array: 'float32' }[modeInfo(mode).array.name]!; // decoders give Buffers, too
  const dims =
    bands === 1 ? { shape: [height, width], stride: [width, 1] } : { shape: [height, width, bands], stride: [width * bands, bands, 1] };
  return { data: values, ...dims, offset: 0, dtype: mode === '1' ? 'bool' : dtype };
}

/** Modes by the number of bands (0: no third dimension) and dtype; PIL.Image._fromarray_typemap. */
const MODES: Readonly<Record<string, Mode>> = {
  '0 uint8': 'L',
  '1 uint8': 'L',
  '2 uint8': 'LA',
  '3 uint8': 'RGB',
  '4 uint8': 'RGBA',
  '0 bool': '1',
  '0 uint16': 'I;16',
  '0 int16': 'I;16',
  '0 int32': 'I',
  '0 float32': 'F',
  '0 float64': 'F',
};
const shown = (shape: readonly number[]): string => `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
/** @throws TypeError for shapes and dtypes that no mode has. */
export function rasterOf(array: NDArray, wanted?: Mode): Raster {
  const { shape, stride, data, offset, dtype } = array;
  const [height, width, bands = 0] = shape as readonly number[];
  const key = `${shape.length < 2 || shape.length > 3 ? '?' : bands} ${dtype}`;
  const mode = wanted ?? MODES[key];
  if (mode === undefined || shape.length < 2 || shape.length > 3)
    throw new TypeError(`Cannot handle this data type: (1, 1${shape.length > 2 ? `, ${bands}` : ''}), ${dtype} of shape ${shown(shape)}`);
  if (bandCount(mode) !== Math.max(bands, 1)) throw new TypeError(`an array of shape ${shown(shape)} has no mode ${mode}`);
  const r = blank(mode, width!, height!);
  const n = Math.max(bands, 1);
  const factor = dtype === 'bool' ? 255 : 1;
  const packed = contiguousStrides(shape).every((s, d) => s === stride[d]);
  if (packed && factor === 1 && data.constructor === modeInfo(mode).array) {
    r.data.set((data as Uint8Array).subarray(offset, offset + r.data.length));
    return r;
  }
  const step = stride[2] ?? 0;
  for (let y = 0, o = 0; y < height!; y++)
    for (let x = 0; x < width!; x++)
      for (let b = 0; b < n; b++) r.data[o++] = Number(data[offset + y * stride[0]! + x * stride[1]! + b * step]!) * factor;
  return r;
}
