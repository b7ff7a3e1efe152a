// What must hold for any shape, layout and dtype: every backend computes what the reference computes.
import fc from 'fast-check';
import { afterAll, describe, it } from 'vitest';
import * as torch from '../../src/index.ts';
import { BACKENDS, useBackend } from '../helpers/backends.ts';
import { agree, DTYPES, dims, FLOATS, make, partner, RUNS, type Recipe, recipe } from '../helpers/recipes.ts';

type Tensor = torch.Tensor;
const { float32, float64, int64, int32 } = torch;

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
      { numRuns: 2 * RUNS, seed: 20 },
    );
  });
});
