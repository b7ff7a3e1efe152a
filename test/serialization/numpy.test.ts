// .npy and .npz: what NumPy would read and write.
import { describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { load_numpy, save_numpy } from '../../src/serialization/index.ts';

const file = (header: string, data: readonly number[] = [], length = header.length): Uint8Array =>
  Uint8Array.from([0x93, ...Buffer.from('NUMPY'), 1, 0, length & 255, length >> 8, ...Buffer.from(header), ...data]);

describe('.npy and .npz files', () => {
  it('keep dtype, shape and order', () => {
    for (const t of [
      torch.arange(6).reshape(2, 3),
      torch.ones([2, 3], { dtype: torch.float16 }).t(),
      torch.tensor(true),
      torch.zeros([0, 2]),
    ]) {
      const loaded = load_numpy(save_numpy(t)) as torch.Tensor;
      expect(loaded.tolist()).toEqual(t.tolist());
      expect([loaded.dtype, loaded.shape, loaded.stride()]).toEqual([t.dtype, t.shape, t.stride()]);
    }
    const named = { a: torch.arange(100), 'b/c': torch.tensor([1.5]) };
    for (const compressed of [false, true]) {
      const loaded = load_numpy(save_numpy(named, undefined, { compressed })) as typeof named;
      expect(loaded.a.tolist()).toEqual(named.a.tolist());
      expect(loaded['b/c'].tolist()).toEqual([1.5]);
    }
    expect(() => save_numpy(torch.zeros([1], { dtype: torch.bfloat16 }))).toThrow('Got unsupported ScalarType BFloat16');
  });
  it('begin with the header that NumPy writes', () => {
    expect(Buffer.from(save_numpy(torch.arange(3))).toString('latin1', 0, 128)).toBe(
      `\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }${' '.repeat(60)}\n`,
    );
  });
  it('are refused with a reason', () => {
    const ok = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }";
    expect((load_numpy(file(ok, [1, 2])) as torch.Tensor).tolist()).toEqual([1, 2]);
    expect(() => load_numpy(file(ok, [1]))).toThrow('has 2 bytes, but 1 are there');
    expect(() => load_numpy(file(ok.replace('|u1', '|O')))).toThrow('could run code');
    expect(() => load_numpy(file(ok.replace('|u1', '<U4')))).toThrow('its dtype is <U4, which no tensor has');
    expect(() => load_numpy(file(ok.replace("'|u1'", "[('a', '<f4')]")))).toThrow('its dtype is a record');
    expect(() => load_numpy(file(ok.replace('(2,)', '(2**9,)')))).toThrow('not the literal of a dict');
    expect(() => load_numpy(file(ok.replace('(2,)', '(9999999999999999, 99)')))).toThrow('its shape is');
    expect(() => load_numpy(file(ok.replace("'shape'", "'shade'")))).toThrow("exactly 'descr', 'fortran_order' and 'shape'");
    expect(() => load_numpy(file(ok, [], 60000))).toThrow('NumPy reads 10000 at most');
    expect(() => load_numpy(new Uint8Array(0))).toThrow('does not begin with');
    const damaged = Buffer.from(save_numpy({ a: torch.ones([4]) }));
    damaged[damaged.indexOf('a.npy') + 140]! ^= 1;
    expect(() => load_numpy(damaged)).toThrow('does not match its checksum');
  });
});
