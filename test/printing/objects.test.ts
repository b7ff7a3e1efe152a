// What has no counterpart in the stored snippets: printing from JavaScript, options, old constructors, exchange with arrays.
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as torch from '../../src/index.ts';

afterEach(() => torch.set_printoptions({ profile: 'default' }));

describe('printing a tensor', () => {
  const x = torch.tensor([1, 0.5]);
  it('gives PyTorch’s text in templates, String, inspect and inside arrays', () => {
    const text = 'tensor([1.0000, 0.5000])';
    expect(`${x}`).toBe(text);
    expect(String(x)).toBe(text);
    expect(inspect(x)).toBe(text);
    expect(inspect([x])).toBe(`[ ${text} ]`);
  });
  it('shows a parameter as one everywhere', () => {
    const text = 'Parameter containing:\ntensor([1.0000, 0.5000], requires_grad=True)';
    const parameter = new torch.nn.Parameter(x);
    expect(`${parameter}`).toBe(text);
    expect(inspect(parameter)).toBe(text);
  });
  it('shows what a transform wraps', () => {
    let seen = '';
    torch.func.vmap((row: torch.Tensor) => {
      seen = String(row);
      return row;
    })(torch.ones([2, 1]));
    expect(seen).toBe('BatchedTensor(lvl=1, bdim=0, value=\n    tensor([[1.],\n            [1.]])\n)');
  });
  it('shows pending negation and conjugation as done', () => {
    const z = torch.tensor([new torch.Complex(1, 2)]).conj();
    expect(String(z)).toBe('tensor([1.-2.j])');
  });
});

describe('torch.print', () => {
  it('writes values as Python does', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    torch.print('x', torch.ones([1]), [1, 'a', null], { k: true }, 1e-7, torch.device('cpu'), torch.float32);
    expect(log).toHaveBeenCalledWith("x tensor([1.]) [1, 'a', None] {'k': True} 1e-07 device(type='cpu') torch.float32");
    log.mockRestore();
  });
});

describe('print options', () => {
  const third = torch.tensor([1 / 3]);
  it('take positions and names', () => {
    torch.set_printoptions(2);
    expect(String(third)).toBe('tensor([0.33])');
    torch.set_printoptions({ precision: 1, sci_mode: true });
    expect(String(third)).toBe('tensor([3.3e-01])');
    torch.set_printoptions({ precision: 3 });
    expect(torch.get_printoptions()).toEqual({ precision: 3, threshold: 1000, edgeitems: 3, linewidth: 80, sci_mode: null });
  });
  it('last for a callback or until they are disposed', () => {
    expect(torch.printoptions({ precision: 1 }, () => String(third))).toBe('tensor([0.3])');
    const scope = torch.printoptions({ precision: 2 });
    expect(String(third)).toBe('tensor([0.33])');
    (scope as unknown as Record<symbol, () => void>)[Symbol.dispose ?? Symbol.for('Symbol.dispose')]!();
    expect(String(third)).toBe('tensor([0.3333])');
  });
});

describe('old constructors', () => {
  it('take sizes, data, a size object, a tensor or nothing', () => {
    expect(torch.Tensor(2, 3).shape).toEqual(torch.Size.of_([2, 3]));
    expect(String(new torch.Tensor([1, 2]))).toBe('tensor([1., 2.])');
    expect(torch.Tensor(torch.zeros([2, 3]).shape).shape).toEqual(torch.Size.of_([2, 3]));
    expect(String(torch.LongTensor([[1], [2]]))).toBe('tensor([[1],\n        [2]])');
    expect(String(torch.Tensor())).toBe('tensor([])');
    const x = torch.ones([2]);
    torch.Tensor(x).zero_();
    expect(x.tolist()).toEqual([0, 0]);
  });
  it('say what they cannot make', () => {
    expect(() => torch.Tensor(1.5)).toThrow('new(): data must be a sequence (got float)');
    expect(() => torch.Tensor(2, 1.5)).toThrow('failed to unpack the object at pos 2');
    expect(() => torch.Tensor(-1)).toThrow('Trying to create tensor with negative dimension -1: [-1]');
    expect(() => torch.LongTensor(torch.zeros([1]))).toThrow('expected TensorOptions(dtype=long int');
  });
  it('are the types of tensors', () => {
    const x = torch.zeros([1]);
    expect([x instanceof torch.Tensor, x instanceof torch.FloatTensor, x instanceof torch.LongTensor]).toEqual([true, true, false]);
    class Marked extends torch.Tensor {
      readonly mark = 1;
    }
    const marked = new Marked([1, 2]);
    expect([marked.mark, marked.add(1).tolist()]).toEqual([1, [2, 3]]);
    expect([torch.typename(x), torch.typename(1), torch.is_tensor(x), torch.is_tensor(1)]).toEqual([
      'torch.FloatTensor',
      'int',
      true,
      false,
    ]);
  });
  it('set the default dtype', () => {
    torch.set_default_tensor_type(torch.DoubleTensor);
    expect(torch.Tensor([1]).dtype).toBe(torch.float64);
    torch.set_default_tensor_type('torch.FloatTensor');
    expect(torch.Tensor([1]).dtype).toBe(torch.float32);
    expect(() => torch.set_default_tensor_type(torch.LongTensor)).toThrow('only floating-point types are supported as the default type');
  });
});

describe('arrays', () => {
  it('share memory both ways, strides included', () => {
    const x = torch.arange(6n).reshape([2, 3]);
    const array = x.t().numpy();
    expect({ ...array, data: null }).toEqual({ data: null, shape: [3, 2], stride: [1, 3], offset: 0, dtype: 'int64' });
    array.data[1] = 9n;
    expect(torch.from_numpy(array).tolist()).toEqual([
      [0, 3],
      [9, 4],
      [2, 5],
    ]);
    expect(x.tolist()).toEqual([
      [0, 9, 2],
      [3, 4, 5],
    ]);
  });
  it('refuse what would not be shared truly', () => {
    expect(() => torch.ones([1], { requires_grad: true }).numpy()).toThrow("Can't call numpy() on Tensor that requires grad.");
    expect(() => torch.ones([1], { dtype: torch.bfloat16 }).numpy()).toThrow('Got unsupported ScalarType BFloat16');
    expect(() => torch.from_numpy({ data: new Float32Array(2), shape: [2], stride: [-1], offset: 1, dtype: 'float32' })).toThrow(
      'negative',
    );
    expect(() => torch.from_numpy({ data: new Float32Array(2), shape: [3], stride: [1], offset: 0, dtype: 'float32' })).toThrow(
      'too short',
    );
    expect(torch.ones([1], { requires_grad: true }).numpy({ force: true }).shape).toEqual([1]);
  });
  it('become tensors without a copy where they can', () => {
    const data = new Float64Array([1, 2]);
    data[0] = 3;
    const shared = torch.as_tensor(data);
    data[1] = 4;
    expect(shared.tolist()).toEqual([3, 4]);
    expect(torch.as_tensor(shared)).toBe(shared);
    expect(torch.asarray(data, { copy: true }).storage).not.toBe(shared.storage);
    expect(() => torch.asarray([1, 2], { copy: false })).toThrow("can't alias arbitrary sequence into a tensor.");
  });
});

describe('the environment', () => {
  it('has no CUDA device, and says so when one is used', () => {
    expect([torch.cuda.is_available(), torch.cuda.device_count()]).toEqual([false, 0]);
    expect(() => torch.zeros([1]).cuda()).toThrow('Torch not compiled with CUDA enabled');
    expect(() => torch.cuda.current_device()).toThrow('Torch not compiled with CUDA enabled');
  });
  it('checks the number of threads', () => {
    expect(() => torch.set_num_threads(0)).toThrow('set_num_threads expects a positive integer');
    expect(() => torch.set_num_threads(1.5)).toThrow('set_num_threads expects an int, but got float');
    expect(torch.get_num_threads()).toBeGreaterThan(0);
  });
  it('states the version of the package', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(torch.version.flambeau).toBe(version);
    expect(torch.__version__).toBe(`2.15.0+flambeau.${version}`);
  });
  it('is seeded by one call', () => {
    torch.seed_torch();
    const first = torch.rand([3]).tolist();
    torch.manual_seed(1029);
    expect(torch.rand([3]).tolist()).toEqual(first);
    expect(torch.backends.cudnn.deterministic).toBe(true);
  });
});
