// What must hold for any shape, layout and dtype: every backend computes what the reference computes.
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { BACKENDS, useBackend } from '../helpers/backends.ts';

type Tensor = torch.Tensor;
const { float32, float64, float16, bfloat16, int64, int32, uint8, bool } = torch;
const DTYPES = [float32, float64, float16, bfloat16, int64, int32, uint8, bool];
const FLOATS = [float32, float64];

/** A tensor by recipe, so that every backend gets one of its own. */
interface Recipe {
  readonly shape: readonly number[];
  readonly dtype: torch.DType;
  readonly layout: 'dense' | 'transposed' | 'stepped' | 'flipped' | 'expanded' | 'offset';
  readonly seed: number;
  readonly special: boolean;
}
const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0];
function make({ shape, dtype, layout, seed, special }: Recipe): Tensor {
  const fill = (s: readonly number[]): Tensor => {
    const n = s.reduce((a, b) => a * b, 1);
    const values = Array.from({ length: n }, (_, i) => {
      const k = (i * 7919 + seed * 104729) % 1009;
      return special && dtype.is_floating_point && k % 11 === 0
        ? SPECIAL[k % 5]!
        : dtype === uint8 || dtype === bool
          ? k % 7
          : (k - 500) / (dtype.is_floating_point ? 64 : 1);
    });
    return torch
      .tensor(values, { dtype: dtype.is_floating_point ? float64 : int64 })
      .reshape(s)
      .to(dtype);
  };
  switch (layout) {
    case 'dense':
      return fill(shape);
    case 'transposed':
      return fill([...shape].reverse()).permute([...shape.keys()].reverse());
    case 'stepped':
      return fill([...shape, 2]).select(-1, 1);
    case 'flipped':
      return shape.length === 0 ? fill(shape) : fill(shape).flip([0]);
    case 'expanded':
      return shape.length === 0 ? fill(shape) : fill([1, ...shape.slice(1)]).expand(shape);
    case 'offset':
      return fill([3, ...shape]).select(0, 2);
  }
}
const dims = fc
  .array(fc.constantFrom<number[]>(0, 1, 2, 3, 5, 8, 17, 33), { minLength: 0, maxLength: 4 })
  .filter((s) => s.reduce((a, b) => a * b, 1) <= 3000);
const recipe = (shape: fc.Arbitrary<readonly number[]>, dtypes: readonly torch.DType[]): fc.Arbitrary<Recipe> =>
  fc.record({
    shape,
    dtype: fc.constantFrom(...dtypes),
    layout: fc.constantFrom('dense', 'transposed', 'stepped', 'flipped', 'expanded', 'offset'),
    seed: fc.nat(1000),
    special: fc.boolean(),
  });
/** A shape that broadcasts with another one. */
const partner = (shape: readonly number[]): fc.Arbitrary<readonly number[]> =>
  fc
    .tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
    .map(([drop, ones]) => shape.map((n, i) => (ones[i] ? 1 : n)).slice(drop));

const close = (a: Tensor, b: Tensor): boolean => {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  if (!a.dtype.is_floating_point) return torch.equal(a, b);
  const [rtol, atol] = a.dtype === float64 ? [1e-11, 1e-11] : a.dtype === float32 ? [2e-5, 2e-5] : [2e-2, 2e-2];
  return torch.allclose(a.to(float64), b.to(float64), { rtol, atol, equal_nan: true });
};
/** The reference's answer, then that of the backend; an error must have the same words. */
function agree(backend: (typeof BACKENDS)[number], run: () => Tensor | readonly Tensor[]): void {
  const answer = (name: (typeof BACKENDS)[number]): { values: readonly Tensor[]; error: string } => {
    useBackend(name);
    try {
      const r = run();
      return { values: r instanceof torch.Tensor ? [r] : [...r], error: '' };
    } catch (e) {
      return { values: [], error: (e as Error).message };
    }
  };
  const wanted = answer('reference');
  const got = answer(backend);
  expect(got.error).toBe(wanted.error);
  expect(got.values.length).toBe(wanted.values.length);
  got.values.forEach((v, i) => {
    const w = wanted.values[i]!;
    if (!close(v, w)) expect.fail(`${backend} gives ${v}, the reference ${w}`);
  });
}

const PROPERTIES: readonly [
  string,
  fc.Arbitrary<{ x: Recipe; y?: Recipe; dim: number }>,
  (x: Tensor, y: Tensor, dim: number) => Tensor | readonly Tensor[],
][] = [
  ...(['add', 'mul', 'maximum', 'lt', 'eq'] as const).map((name): (typeof PROPERTIES)[number] => [
    `${name}, broadcast and promoted`,
    dims.chain((s) => fc.record({ x: recipe(fc.constant(s), DTYPES), y: recipe(partner(s), DTYPES), dim: fc.constant(0) })),
    (x, y) => torch[name](x, y),
  ]),
  [
    'a chain of formulas',
    fc.record({ x: recipe(dims, FLOATS), dim: fc.constant(0) }),
    (x) => x.tanh().mul(x.sigmoid()).sub(x.abs().sqrt()),
  ],
  [
    'conversions',
    fc.record({ x: recipe(dims, DTYPES), dim: fc.nat(DTYPES.length - 1) }),
    (x, _, d) => x.nan_to_num(0, 100, -100).to(DTYPES[d]!),
  ],
  ['contiguous copies', fc.record({ x: recipe(dims, DTYPES), dim: fc.constant(0) }), (x) => x.contiguous()],
  ...(['sum', 'amax', 'prod', 'argmin', 'cumsum'] as const).map((name): (typeof PROPERTIES)[number] => [
    `${name} over a dimension`,
    fc.record({ x: recipe(dims, [float32, float64, int64, int32]), dim: fc.integer({ min: -4, max: 3 }) }),
    (x, _, dim) => (torch[name] as (x: Tensor, dim: number) => Tensor)(x, dim),
  ]),
  ['softmax', fc.record({ x: recipe(dims, FLOATS), dim: fc.integer({ min: -4, max: 3 }) }), (x, _, dim) => torch.softmax(x, dim)],
  [
    'sort, stable',
    fc.record({ x: recipe(dims, [float32, int64]), dim: fc.integer({ min: -4, max: 3 }) }),
    (x, _, dim) => [...torch.sort(x, { dim, stable: true })],
  ],
  [
    'matmul',
    fc
      .tuple(fc.constantFrom(0, 1, 2, 7, 16, 33), fc.constantFrom(0, 1, 5, 16, 40), fc.constantFrom(1, 3, 17, 64))
      .chain(([m, k, n]) =>
        fc.record({ x: recipe(fc.constant([m, k]), [float32]), y: recipe(fc.constant([k, n]), [float32]), dim: fc.constant(0) }),
      ),
    (x, y) => x.nan_to_num(0, 1, -1).mm(y.nan_to_num(0, 1, -1)),
  ],
  [
    'index_select',
    dims.filter((s) => s.length > 0 && s[0]! > 0).chain((s) => fc.record({ x: recipe(fc.constant(s), DTYPES), dim: fc.nat(1000) })),
    (x, _, seed) => x.index_select(0, torch.arange(5).mul(seed).remainder(x.size(0))),
  ],
  [
    'cat',
    dims
      .filter((s) => s.length > 0)
      .chain((s) =>
        fc.record({ x: recipe(fc.constant(s), DTYPES), y: recipe(fc.constant(s), DTYPES), dim: fc.integer({ min: 0, max: 3 }) }),
      ),
    (x, y, dim) => torch.cat([x, y], dim),
  ],
  [
    'where',
    dims.chain((s) => fc.record({ x: recipe(fc.constant(s), FLOATS), y: recipe(partner(s), FLOATS), dim: fc.constant(0) })),
    (x, y) => torch.where(x.gt(y), x, y),
  ],
];

describe.each(BACKENDS.filter((b) => b !== 'reference'))('%s', (backend) => {
  afterAll(() => useBackend(BACKENDS.at(-1)!));
  it.each(PROPERTIES)('%s', (_name, arbitrary, run) => {
    fc.assert(
      fc.property(arbitrary, ({ x, y, dim }) => {
        agree(backend, () => {
          const a = make(x);
          return run(a, y ? make(y) : a, dim);
        });
      }),
      { numRuns: 60, seed: 20 },
    );
  });
});
