import { RuntimeError } from './errors.ts';

const KNOWN = [
  'cpu',
  'cuda',
  'ipu',
  'xpu',
  'mkldnn',
  'opengl',
  'opencl',
  'ideep',
  'hip',
  've',
  'fpga',
  'maia',
  'xla',
  'lazy',
  'vulkan',
  'mps',
  'meta',
  'hpu',
  'mtia',
  'privateuseone',
];

/** Where a tensor lives. `cpu` and `meta` (shapes without data) exist; one object each, compared by identity after `device()`. */
export class Device {
  constructor(
    readonly type: string,
    readonly index: number | null,
  ) {}
  toString(): string {
    return this.index === null ? this.type : `${this.type}:${this.index}`;
  }
  /** PyTorch's repr: device(type='cpu', index=0). */
  repr(): string {
    return this.index === null ? `device(type='${this.type}')` : `device(type='${this.type}', index=${this.index})`;
  }
  toJSON(): string {
    return this.toString();
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.repr();
  }
}

const interned = new Map<string, Device>();
/**
 * The device of a name: `'cpu'`, `'cpu:0'`, `'meta'`.
 * @throws RuntimeError for a string that names no device type.
 */
export function device(type: string | Device, index?: number | null): Device {
  if (type instanceof Device) return type;
  const text = index == null ? type : `${type}:${index}`;
  let found = interned.get(text);
  if (found) return found;
  const match = /^([a-z_]+)(?::(\d+))?$/.exec(text);
  if (!match || !KNOWN.includes(match[1]!)) {
    if (match) throw new RuntimeError(`Expected one of ${KNOWN.join(', ')} device type at start of device string: ${match[1]}`);
    throw new RuntimeError(`Invalid device string: '${text}'`);
  }
  found = new Device(match[1]!, match[2] === undefined ? null : Number(match[2]));
  interned.set(text, found);
  return found;
}

export const cpu = device('cpu');
export const meta = device('meta');
/** The device on which new tensors are really placed: `cpu:0` is `cpu`. */
export function placement(d: Device): Device {
  if (d.type === 'cpu') return cpu;
  if (d.type === 'meta') return meta;
  if (d.type === 'cuda') throw new NotCompiled('Torch not compiled with CUDA enabled');
  throw new RuntimeError(`Could not run on device ${d}: Flambeau has the devices cpu and meta`);
}
/** PyTorch raises an AssertionError here. */
class NotCompiled extends Error {
  override name = 'AssertionError';
}
