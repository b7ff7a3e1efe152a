// Conversions: ndarrays both ways, Variables, image files as matplotlib reads them, rows of objects.
import { readFileSync } from 'node:fs';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { from_records, imread, numpy2var, tensor2var, to_records, var2numpy, var2tensor } from '../../src/utils/conversions/index.ts';
import { Table } from '../../src/utils/table.ts';

const { Variable } = torch.autograd;

describe('arrays of the npm package ndarray', () => {
  it('share their memory with tensors, views included', () => {
    const a = ndarray(
      Float32Array.from({ length: 12 }, (_, i) => i),
      [3, 4],
    );
    const view = a.transpose(1, 0).lo(1, 0).hi(2, 3).step(1, 2);
    const t = torch.from_numpy(view);
    expect(t.tolist()).toEqual([
      [1, 9],
      [2, 10],
    ]);
    t.set([0, 1], -1);
    expect(a.get(2, 1)).toBe(-1);
    expect(torch.tensor(a).tolist()).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, -1, 10, 11],
    ]);
    expect(torch.as_tensor(a).numpy().data.buffer).toBe(a.data.buffer);
    expect(torch.tensor(a, { dtype: torch.int64 }).at(2, 1).item()).toBe(-1);
  });
  it('are made of what numpy() gives', () => {
    const x = torch.arange(6).reshape([2, 3]).float();
    const { data, shape, stride, offset, dtype } = x.t().at('1:').numpy();
    const a = ndarray(data as Float32Array, [...shape], [...stride], offset);
    expect([a.get(0, 1), a.dtype, dtype]).toEqual([4, 'float32', 'float32']);
    a.set(1, 0, 20);
    expect(x.at(0, 2).item()).toBe(20);
  });
  it.each([
    ['a list', [1, 2], 'TypeError: expected np.ndarray (got list)'],
    ['a number', 1, 'TypeError: expected np.ndarray (got int)'],
    ['a tensor', torch.ones([1]), 'TypeError: expected np.ndarray (got Tensor)'],
    ['nothing', null, 'TypeError: expected np.ndarray (got NoneType)'],
    [
      'no numbers',
      ndarray([1, 2], [2]),
      "TypeError: can't convert np.ndarray of type numpy.object_. The only supported types are: float64",
    ],
    ['negative strides', ndarray(new Float32Array(3)).step(-1), 'ValueError: At least one stride in the given numpy array is negative'],
    ['a place before the data', { data: new Float32Array(4), shape: [1], stride: [1], offset: -1, dtype: 'float32' }, 'describe no array'],
    ['half a row', { data: new Float32Array(4), shape: [1.5], stride: [1], offset: 0, dtype: 'float32' }, 'describe no array'],
    ['one stride too many', { data: new Float32Array(4), shape: [2], stride: [1, 1], offset: 0, dtype: 'float32' }, 'describe no array'],
    ['too much', { data: new Float32Array(4), shape: [5], stride: [1], offset: 0, dtype: 'float32' }, 'too short for the shape [5]'],
  ])('are refused: %s', (_name, array, message) => {
    let error: unknown;
    try {
      torch.from_numpy(array as never);
    } catch (e) {
      error = e;
    }
    expect(String(error)).toContain(message);
  });
  it('of other typed arrays have their dtypes', () => {
    const dtypeOf = (data: unknown): string => String(torch.from_numpy(data as never).dtype);
    expect([new Uint8ClampedArray(1), Buffer.from('a'), new BigUint64Array(1), new Uint16Array(1)].map(dtypeOf)).toEqual([
      'torch.uint8',
      'torch.uint8',
      'torch.uint64',
      'torch.uint16',
    ]);
    const half = { data: new Uint16Array([0x3c00]), shape: [1], stride: [1], offset: 0, dtype: 'float16' };
    expect(torch.from_numpy(half).item()).toBe(1);
  });
  it.each(['bfloat16', 'complex32', 'float8_e5m2', 'float8_e4m3fn'] as const)('do not exist of %s', (name) => {
    const t = torch.ones([2]).to(torch[name]);
    expect(() => t.numpy()).toThrow(`Got unsupported ScalarType ${torch[name].scalarName}`);
  });
  it('do not exist of tensors without memory of their own', () => {
    expect(() => torch.func.vmap((x: torch.Tensor) => torch.tensor(x.numpy()))(torch.ones([2]))).toThrow(
      "Cannot access data pointer of Tensor that doesn't have storage",
    );
    expect(() => torch.ones([2, 2]).to_sparse().numpy()).toThrow(
      "can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.",
    );
  });
});

describe('Variable and its helpers', () => {
  it('is a tensor', () => {
    const v = new Variable(torch.from_numpy(new Float32Array([1, 2])), true);
    expect([v instanceof Variable, v instanceof torch.Tensor, v.requires_grad, v.is_leaf]).toEqual([true, true, true, true]);
    expect(() => Variable(new Float32Array(2) as never)).toThrow('Variable data has to be a tensor, but got numpy.ndarray');
    expect(() => Variable(1 as never)).toThrow('Variable data has to be a tensor, but got int');
    expect(() => v.numpy()).toThrow("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.");
    expect(v.data.cpu().numpy().data).toEqual(new Float32Array([1, 2]));
  });
  it('goes to and from tensors and arrays over the same memory', () => {
    const x = torch.tensor([1, 2, 3]);
    const v = tensor2var(x.mul(2), true);
    v.square().sum().backward();
    expect(v.grad!.tolist()).toEqual([4, 8, 12]);
    expect(tensor2var(x).requires_grad).toBe(false);
    expect([var2tensor(v).requires_grad, var2tensor(v).numpy().data.buffer === v.data.numpy().data.buffer]).toEqual([false, true]);
    (var2numpy(v).data as Float32Array)[0] = 7;
    expect(v.at(0).item()).toBe(7);
    const memory = new Float64Array([1, 2]);
    numpy2var(memory).mul_(3);
    expect([...memory]).toEqual([3, 6]);
  });
});

describe('imread', () => {
  interface Case {
    readonly name: string;
    readonly file: string;
    readonly shape: number[];
    readonly dtype: string;
    readonly values: number[];
  }
  const cases = JSON.parse(readFileSync(new URL('imread.json', import.meta.url), 'utf8')) as Case[];
  it.each(cases)("gives matplotlib's array of $name", ({ file, shape, dtype, values }) => {
    const array = imread(Buffer.from(file, 'base64'));
    expect([array.shape, array.dtype]).toEqual([shape, dtype]);
    expect(Array.from(array.data as Float32Array)).toEqual(values);
  });
  it('says what it cannot read', () => {
    expect(() => imread('/nowhere/a.png')).toThrow("[Errno 2] No such file or directory: '/nowhere/a.png'");
    expect(() => imread('https://example.org/a.png')).toThrow('Please open the URL for reading');
    expect(() => imread(Buffer.from('no image'))).toThrow('cannot identify image file');
  });
});

describe('rows of objects', () => {
  const rows = [
    { x: 1, y: 2.5, name: 'a' },
    { x: 3, y: 4, name: 'b' },
  ];
  it('become tensors', () => {
    expect(String(from_records(rows, { columns: ['y', 'x'] }))).toBe('tensor([[2.5000, 1.0000],\n        [4.0000, 3.0000]])');
    expect(from_records([{ a: 1n }, { a: 2n }]).dtype).toBe(torch.int64);
    expect(from_records([{ a: true }, { a: false }]).dtype).toBe(torch.bool);
    expect(from_records(rows, { columns: ['x'], dtype: torch.int64 }).tolist()).toEqual([[1], [3]]);
    expect(from_records([], { columns: ['x', 'y'] }).shape).toEqual([0, 2]);
    expect(from_records(Table.from_records([{ a: 1, b: 2 }])).tolist()).toEqual([[1, 2]]);
  });
  it('have NaN where a value is missing', () => {
    expect(from_records([{ a: 1, b: 2 }, { a: null }]).tolist()).toEqual([
      [1, 2],
      [Number.NaN, Number.NaN],
    ]);
    expect(() => from_records([{ a: 1 }, { a: null }], { dtype: torch.int64 })).toThrow('cannot convert float NaN to integer (row 1');
  });
  it('are refused where no tensor holds them', () => {
    expect(() => from_records(rows)).toThrow("can't convert np.ndarray of type numpy.object_.");
    expect(() => from_records(rows)).toThrow("(column 'name' of row 0 is 'a')");
    expect(() => from_records(rows, { columns: ['z'] })).toThrow(`"['z'] not in index"`);
  });
  it('come back', () => {
    expect(to_records(from_records(rows, { columns: ['x', 'y'] }), ['x', 'y'])).toEqual(rows.map(({ x, y }) => ({ x, y })));
    expect(to_records(torch.tensor([1n, 2n]), ['n'])).toEqual([{ n: 1 }, { n: 2 }]);
    expect(() => to_records(torch.ones([2, 3]), ['a'])).toThrow('Shape of passed values is (2, 3), indices imply (2, 1)');
  });
});
