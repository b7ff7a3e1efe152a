import { describe, expect, it } from 'vitest';
import { decode, gather } from '../../tools/conformance/array.ts';
import { Comparison, close, exactly, pytorch, toleranceOf } from '../../tools/conformance/compare.ts';
import { openFolder } from '../../tools/conformance/data.ts';
import { Library } from '../../tools/conformance/library.ts';
import { pack, unpack } from '../../tools/conformance/pack.ts';
import { readSafetensors } from '../../tools/conformance/safetensors.ts';
import { Decoder, TensorFile } from '../../tools/conformance/values.ts';
import { ELLIPSIS, PyComplex, PySlice, PyTuple } from '../../tools/python/values.ts';

const bytes = (...items: number[]): Uint8Array => Uint8Array.from(items);

describe('safetensors', () => {
  it('reads names, dtypes, shapes and bytes', () => {
    const header = Buffer.from(
      '{"__metadata__":{},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"BOOL","shape":[],"data_offsets":[8,9]}}',
    );
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    const file = readSafetensors(Buffer.concat([size, header, Buffer.from(Float32Array.of(1.5, -2).buffer), bytes(1)]));
    expect([...file.keys()]).toEqual(['a', 'b']);
    const { dtype, shape, bytes: data } = file.get('a')!;
    expect([...decode(dtype, shape, data).real]).toEqual([1.5, -2]);
    expect(file.get('b')).toEqual({ dtype: 'bool', shape: [], bytes: Buffer.from([1]) });
  });
});

describe('array', () => {
  it('decodes half precision, bfloat16, 64-bit integers and complex numbers', () => {
    expect([...decode('float16', [4], bytes(0x00, 0x3c, 0x01, 0x00, 0x00, 0xfc, 0xff, 0x7b)).real]).toEqual([
      1,
      2 ** -24,
      Number.NEGATIVE_INFINITY,
      65504,
    ]);
    expect([...decode('bfloat16', [2], bytes(0x80, 0x3f, 0x00, 0xc0)).real]).toEqual([1, -2]);
    expect([...decode('int64', [1], new Uint8Array(BigInt64Array.of(-(2n ** 62n)).buffer)).real]).toEqual([-(2n ** 62n)]);
    const z = decode('complex64', [1], new Uint8Array(Float32Array.of(1, -2).buffer));
    expect([z.real[0], z.imag![0]]).toEqual([1, -2]);
  });
  it('gathers strided views row by row', () => {
    const memory = bytes(0, 1, 2, 3, 4, 5);
    expect([...gather(memory, 1, [3, 2], [1, 3], 0)]).toEqual([0, 3, 1, 4, 2, 5]);
    expect([...gather(memory, 1, [2, 2], [0, 2], 1)]).toEqual([1, 3, 1, 3]);
    expect([...gather(memory, 2, [2], [2], 0)]).toEqual([0, 1, 4, 5]);
  });
});

describe('compare', () => {
  it('is torch.isclose with equal nan', () => {
    expect(close(Number.NaN, Number.NaN, { rtol: 0, atol: 0 })).toBe(true);
    expect(close(Number.POSITIVE_INFINITY, 1e30, { rtol: 1, atol: 1 })).toBe(false);
    expect(close(1 + 1e-6, 1, { rtol: 1.3e-6, atol: 0 })).toBe(true);
    expect(close(1 + 2e-6, 1, { rtol: 1.3e-6, atol: 0 })).toBe(false);
  });
  it('widens tolerances by the override of the case, never narrows them', () => {
    expect(toleranceOf('float32', 'float32', { float32: { atol: 1e-3 } })).toEqual({ rtol: 1.3e-6, atol: 1e-3 });
    expect(toleranceOf('float32', 'float32', { float32: { atol: 1e-9, rtol: 1 } })).toEqual({ rtol: 1, atol: 1e-5 });
    expect(toleranceOf('int64', 'int64', { int64: { atol: 1 } })).toEqual({ rtol: 0, atol: 0 });
  });
  it('names the element that is wrong', () => {
    const values = (x: number[]) => ({ dtype: 'float32', shape: [2, 2], real: Float64Array.from(x), imag: null });
    const comparison = new Comparison(new Library({}), new TensorFile(new Map()), pytorch);
    comparison.values(values([1, 2, 3, Number.NaN]), values([1, 2, 3.000001, Number.NaN]), 'out');
    expect(comparison.maxError).toBeCloseTo(1e-6, 9);
    expect(() => comparison.values(values([1, 2, 3, 4]), values([1, 2.5, 3, 5]), 'out')).toThrow('out at [1, 1]: expected 4, got 5');
  });
  it('compares numbers, texts, lists and dicts exactly', () => {
    const comparison = new Comparison(new Library({ Tensor: class {} }), new TensorFile(new Map()), exactly);
    comparison.check(
      {
        dict: [
          ['a', [1, { float: 'nan' }]],
          ['b', { tuple: [null, true] }],
        ],
      },
      { a: [1, Number.NaN], b: [null, true] },
    );
    expect(() => comparison.check([1, 2], [1, 3])).toThrow('out[1]: expected 2, got 3');
    expect(() => comparison.check('a', 'b')).toThrow();
    expect(() => comparison.check({ dict: [['a', 1]] }, { a: 1, b: 2 })).toThrow('unexpected keys b');
  });
});

describe('values', () => {
  it('decodes what needs no library', () => {
    const decoder = new Decoder(new Library({}), new TensorFile(new Map()));
    expect(decoder.list([1, 1.5, { float: '1.0' }, { float: '-inf' }, { int: '9223372036854775807' }, null, true, 'x'])).toEqual([
      1n,
      1.5,
      1,
      Number.NEGATIVE_INFINITY,
      9223372036854775807n,
      null,
      true,
      'x',
    ]);
    expect(decoder.decode({ complex: [{ float: '1.0' }, 0.5] })).toEqual(new PyComplex(1, 0.5));
    expect(decoder.decode({ slice: [1, null, 2] })).toEqual(new PySlice(1n, null, 2n));
    expect(decoder.decode({ ellipsis: true })).toBe(ELLIPSIS);
    expect(decoder.decode({ tuple: [1, [2]] })).toEqual(PyTuple.from_([1n, [2n]]));
    expect(decoder.decode({ dict: [['k', 1]] })).toEqual(new Map([['k', 1n]]));
    expect(() => decoder.decode({ unheard_of: 1 })).toThrow('cannot decode a value of kind unheard_of');
  });
});

describe('pack', () => {
  it('gives the files back', () => {
    const files = new Map([
      ['b/c.json', bytes(1, 2)],
      ['a.json', bytes()],
    ]);
    expect([...unpack(pack(files))].map(([path, data]) => [path, [...data]])).toEqual([
      ['a.json', []],
      ['b/c.json', [1, 2]],
    ]);
  });
  it('holds every kind of data', () => {
    for (const kind of ['optim', 'random', 'printing', 'trajectories', 'seed', 'interop'] as const)
      expect(openFolder(kind)!.paths.length).toBeGreaterThan(1);
  });
});
