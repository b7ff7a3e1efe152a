// Between images, arrays and tensors.
import { type DType, dtypes, float32, uint8 } from '../../core/dtype.ts';
import { ValueError } from '../../core/errors.ts';
import { Tensor } from '../../core/tensor.ts';
import { from_numpy, type NDArray } from '../../surface/arrays.ts';
import { contiguous_format } from '../../core/formats.ts';
import { get_default_dtype } from '../../surface/namespace.ts';
import { Image } from '../image/image.ts';
import { rasterOf } from '../image/ndarray.ts';
import { isBytes, type Mode } from '../image/raster.ts';
import { asImage, typeName } from './common.ts';
import { planes, unitPlanes } from './planes.ts';
import * as color from './tensor_color.ts';

const isArray = (x: unknown): x is NDArray =>
  typeof x === 'object' && x !== null && !(x instanceof Tensor) && ArrayBuffer.isView((x as Partial<NDArray>).data);

/**
 * An image, or an array (height, width) or (height, width, channels), as a tensor (channels, height, width); bytes become numbers of 0 to 1
 * of the default dtype.
 * @throws TypeError for anything else, ValueError for arrays of other dimensions.
 */
export function to_tensor(pic: Image | NDArray): Tensor {
  const wanted = get_default_dtype();
  const scaled = (t: Tensor): Tensor => (t.dtype === uint8 ? t.to(wanted).div(255) : t);
  if (isArray(pic)) {
    const { shape } = pic;
    if (shape.length !== 2 && shape.length !== 3) throw new ValueError(`pic should be 2/3 dimensional. Got ${shape.length} dimensions.`);
    const t = from_numpy(pic);
    return scaled((t.ndim === 2 ? t.unsqueeze(2) : t).permute(2, 0, 1).clone({ memory_format: contiguous_format }));
  }
  if (!(pic instanceof Image)) throw new TypeError(`pic should be PIL Image or ndarray. Got ${typeName(pic)}`);
  const r = pic.raster;
  if (isBytes(r)) return wanted === float32 ? unitPlanes(r) : scaled(planes({ ...r, mode: r.mode === '1' ? 'L' : r.mode }));
  return planes(r, true);
}
/** An image as a tensor (channels, height, width) of its own dtype. */
export function pil_to_tensor(pic: Image): Tensor {
  return planes(asImage(pic).raster);
}
/** A tensor image of another dtype, the range of values scaled with it. */
export function convert_image_dtype(image: Tensor, dtype: DType = float32): Tensor {
  if (!(image instanceof Tensor)) throw new TypeError('Input img should be Tensor Image');
  return color.convert_image_dtype(image, dtype);
}

/** Modes that a number of channels may have. */
const PERMITTED: Readonly<Record<number, readonly Mode[]>> = { 2: ['LA'], 3: ['RGB', 'YCbCr', 'HSV'], 4: ['RGBA', 'CMYK'] };
const SINGLE: Readonly<Record<string, Mode>> = { uint8: 'L', int16: 'I;16', uint16: 'I;16', int32: 'I', float32: 'F' };
/**
 * A tensor (C, H, W) or (H, W), or an array (H, W) or (H, W, C), as an image. Floating-point numbers of 0 to 1 become bytes, unless the
 * mode is `F`.
 * @throws TypeError, ValueError for shapes, dtypes and modes that do not go together.
 */
export function to_pil_image(pic: Tensor | NDArray, mode: Mode | null = null): Image {
  if (!(pic instanceof Tensor) && !isArray(pic)) throw new TypeError(`pic should be Tensor or ndarray. Got ${typeName(pic)}.`);
  let t = pic instanceof Tensor ? pic.detach() : from_numpy(pic);
  if (pic instanceof Tensor && t.ndim === 3) t = t.permute(1, 2, 0);
  if (t.ndim === 2) t = t.unsqueeze(2);
  if (t.ndim !== 3) throw new ValueError(`pic should be 2/3 dimensional. Got ${t.ndim} dimensions.`);
  const channels = t.size(2);
  if (channels > 4) throw new ValueError(`pic should not have > 4 channels. Got ${channels} channels.`);
  if (t.dtype.is_floating_point && mode !== 'F') t = t.mul(255).to(dtypes.int32).bitwise_and(255).to(uint8);
  const chosen = channels === 1 ? singleMode(t.dtype, mode) : severalMode(channels, t.dtype, mode);
  return new Image(rasterOf((channels === 1 ? t.squeeze(2) : t).numpy({ force: true }), chosen));
}
function singleMode(dtype: DType, mode: Mode | null): Mode {
  const expected = SINGLE[dtype.name];
  if (mode !== null && mode !== expected)
    throw new ValueError(`Incorrect mode (${mode}) supplied for input type ${dtype.name}. Should be ${expected ?? 'None'}`);
  if (!expected) throw new TypeError(`Input type ${dtype.name} is not supported`);
  return expected;
}
function severalMode(channels: number, dtype: DType, mode: Mode | null): Mode {
  const permitted = PERMITTED[channels]!;
  if (mode !== null && !permitted.includes(mode))
    throw new ValueError(`Only modes [${permitted.map((m) => `'${m}'`).join(', ')}] are supported for ${channels}D inputs`);
  if (mode === null && dtype !== uint8) throw new TypeError(`Input type ${dtype.name} is not supported`);
  return mode ?? permitted[0]!;
}
