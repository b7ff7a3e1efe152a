// torch.nn.utils: weights computed from others, layers fused, modules as functions; lazy modules. Values are PyTorch's.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/core/tensor.ts';
import * as torch from '../../src/index.ts';

const { nn } = torch;
const { parametrize, parametrizations } = nn.utils;
const numbers = (t: Tensor | null): number[] => (t!.detach().flatten().tolist() as number[]).map((v) => Math.round(v * 1e4) / 1e4);
const line = (): InstanceType<typeof nn.Linear> => {
  torch.manual_seed(0);
  return new nn.Linear(3, 4);
};
let x: Tensor;
beforeEach(() => {
  x = torch.arange(6, { dtype: torch.float32 }).reshape([2, 3]);
});
/** The tensors that a parametrized weight is computed from. */
const originals = (m: object): Tensor[] => [
  ...(m as { parametrizations: { weight: torch.nn.Module } }).parametrizations.weight.parameters(),
];

class Symmetric extends nn.Module {
  forward(m: Tensor): Tensor {
    return m.triu().add(m.triu(1).T);
  }
  right_inverse(m: Tensor): Tensor {
    return m.triu();
  }
}

describe('parametrizations', () => {
  it('weight_norm: lengths times directions', () => {
    const m = parametrizations.weight_norm(line());
    expect(String(m)).toBe(
      'ParametrizedLinear(\n  in_features=3, out_features=4, bias=True\n  (parametrizations): ModuleDict(\n    (weight): ParametrizationList(\n      (0): _WeightNorm()\n    )\n  )\n)',
    );
    m(x).sum().backward();
    const [g, v] = originals(m);
    expect(numbers(g!.grad)).toEqual([-3.1569, -2.5852, 4.1146, -4.6806]);
    expect(numbers(v!.grad)).toEqual([2.9759, 6.7237, 4.3553, 0.8203, 3.8592, 7.7942, 3.1021, 0.9122, 7.4575, 5.7695, 1.8369, 4.9427]);
    expect(m.weight.grad_fn!.name()).toBe('WeightNormInterfaceBackward0');
    parametrize.remove_parametrizations(m, 'weight');
    expect(String(m)).toBe('Linear(in_features=3, out_features=4, bias=True)');
    expect(numbers(m.weight)).toEqual(numbers(line().weight));
  });
  it('spectral_norm: divided by the largest singular value', () => {
    const m = parametrizations.spectral_norm(line());
    expect(numbers(m.weight)).toEqual([
      -0.0058, 0.4186, -0.6422, -0.5742, -0.3005, 0.2092, -0.0155, 0.6186, -0.0692, 0.2065, -0.2358, -0.1534,
    ]);
    expect(Object.keys(m.state_dict())).toEqual([
      'bias',
      'parametrizations.weight.original',
      'parametrizations.weight.0._u',
      'parametrizations.weight.0._v',
    ]);
  });
  it.each(['matrix_exp', 'cayley', 'householder'] as const)('orthogonal by %s', (map) => {
    const { weight } = parametrizations.orthogonal(new nn.Linear(5, 3), 'weight', map);
    expect(torch.allclose(weight.matmul(weight.T), torch.eye(3), { atol: 1e-5 })).toBe(true);
  });
  it('register, assign, cache, remove', () => {
    const m = new nn.Linear(3, 3);
    parametrize.register_parametrization(m, 'weight', new Symmetric());
    m.weight = torch.ones(3, 3) as never;
    expect(numbers(originals(m)[0]!)).toEqual([1, 1, 1, 0, 1, 1, 0, 0, 1]);
    const twice = (): boolean => new Set([m.weight, m.weight]).size === 2;
    expect(twice()).toBe(true);
    expect(parametrize.cached(twice)).toBe(false);
    expect(parametrize.is_parametrized(m, 'bias')).toBe(false);
    parametrize.remove_parametrizations(m, 'weight', { leave_parametrized: false });
    expect(numbers(m.weight)).toEqual([1, 1, 1, 0, 1, 1, 0, 0, 1]);
  });
});

describe('hooks', () => {
  it('weight_norm and spectral_norm come and go', () => {
    const m = nn.utils.spectral_norm(nn.utils.weight_norm(line(), 'bias', null));
    expect(Object.keys(m.state_dict())).toEqual(['bias_g', 'bias_v', 'weight_orig', 'weight_u', 'weight_v']);
    m(x);
    expect(numbers(m.weight)).not.toEqual(numbers(line().weight));
    nn.utils.remove_weight_norm(nn.utils.remove_spectral_norm(m), 'bias');
    expect(Object.keys(m.state_dict())).toEqual(['weight', 'bias']);
    expect(() => nn.utils.remove_weight_norm(m)).toThrow(
      "weight_norm of 'weight' not found in Linear(in_features=3, out_features=4, bias=True)",
    );
  });
});

describe('modules as values', () => {
  it('fuse_conv_bn_eval', () => {
    torch.manual_seed(0);
    const conv = new nn.Conv2d(2, 3, 2).eval();
    const bn = new nn.BatchNorm2d(3);
    bn(torch.randn(4, 3, 2, 2));
    bn.eval();
    const images = torch.randn(1, 2, 4, 4);
    expect(torch.allclose(nn.utils.fuse_conv_bn_eval(conv, bn)(images), bn(conv(images)), { atol: 1e-6 })).toBe(true);
  });
  it('deepcopy copies tensors once and shares nothing', () => {
    const shared = new nn.Linear(2, 2);
    const m = new nn.Sequential(shared, new nn.ReLU(), shared);
    const copy = nn.utils.deepcopy(m);
    expect(String(copy)).toBe(String(m));
    expect(copy.at(0)).toBe(copy.at(2));
    torch.no_grad(() => shared.weight.zero_());
    expect(numbers([...copy.parameters()][0]!)).not.toEqual([0, 0, 0, 0]);
  });
  it('functional_call replaces parameters for one call', () => {
    const m = line();
    const y = torch.func.functional_call(m, { weight: torch.ones(4, 3), bias: torch.zeros(4) }, [x]);
    expect(numbers(y)).toEqual([3, 3, 3, 3, 12, 12, 12, 12]);
    expect(numbers(m.weight)).toEqual(numbers(line().weight));
    expect(() => torch.func.functional_call(m, { weight: torch.ones(4, 3), u: torch.ones(1) }, [x], null, { strict: true })).toThrow(
      "Error(s) in reparametrizing for Linear:\n\tUnexpected key(s): 'u'.\n\tMissing key(s): 'bias'.",
    );
  });
  it('skip_init draws nothing', () => {
    torch.manual_seed(0);
    nn.utils.skip_init(nn.Linear, 2, 3);
    expect(numbers(new nn.Linear(3, 4).weight)).toEqual(numbers(line().weight));
  });
});

describe('lazy modules', () => {
  it('become their base when called', () => {
    const m = new nn.LazyLinear(4);
    expect(`${m} ${m.weight}`).toBe('LazyLinear(in_features=0, out_features=4, bias=True) <UninitializedParameter>');
    expect(() => m.weight.shape).toThrow("Can't access the shape of an uninitialized parameter or buffer.");
    expect(() => m.weight.numel()).toThrow(
      "Attempted to use an uninitialized parameter in <method 'numel' of 'torch._C.TensorBase' objects>.",
    );
    m(x);
    expect(String(m)).toBe('Linear(in_features=3, out_features=4, bias=True)');
    expect(m.weight).toBeInstanceOf(nn.Parameter);
  });
  it('take their state from an initialized module', () => {
    const m = new nn.LazyLinear(4);
    m.load_state_dict(line().state_dict());
    expect(numbers(m(x))).toEqual(numbers(line()(x)));
    expect(() => line().load_state_dict(new nn.LazyLinear(4).state_dict())).toThrow("Can't access the shape");
  });
});
