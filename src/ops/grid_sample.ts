// Sampling images at the points of a grid, and grids of affine maps.
import { isDifferentiable } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import { showShape } from '../core/shape.ts';
import type { Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { CUBIC, type GridSampling, MODES, PADDINGS, sampleBackwardInto, sampleInto } from '../backend/reference/grid_sample.ts';
import { F } from '../dispatch/handles.gen.ts';
import { joint, lookup, op, uses } from '../dispatch/operator.ts';

interface Sampled {
  readonly input: Tensor;
  readonly grid: Tensor;
  readonly interpolation_mode: number;
  readonly padding_mode: number;
  readonly align_corners: boolean;
}
const sampling = (a: Sampled): GridSampling => ({
  mode: MODES[a.interpolation_mode] ?? 'bicubic',
  padding: PADDINGS[a.padding_mode] ?? 'reflection',
  alignCorners: a.align_corners,
});

function checkGrid(input: Tensor, grid: Tensor): void {
  const sizes = (): string => `got input with sizes ${showShape(input.shape)} and grid with sizes ${showShape(grid.shape)}`;
  const n = input.ndim - 2;
  if (input.shape[0] !== grid.shape[0])
    throw new RuntimeError(`grid_sampler(): expected grid and input to have same batch size, but ${sizes()}`);
  if (grid.shape[grid.ndim - 1] !== n)
    throw new RuntimeError(
      `grid_sampler(): expected grid to have size ${n} in last dimension, but got grid with sizes ${showShape(grid.shape)}`,
    );
  const empty = input.shape.findIndex((s, d) => d >= 2 && s <= 0);
  if (empty >= 0) {
    throw new RuntimeError(
      `grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes ${showShape(input.shape)} with dimension ${empty} being empty`,
    );
  }
}
function checkSampled(n: 2 | 3, { input, grid }: Sampled): void {
  checkGrid(input, grid);
  if (input.ndim !== n + 2 || grid.ndim !== n + 2) {
    throw new RuntimeError(
      `grid_sampler(): expected ${n + 2}D input and grid with same number of dimensions, but got input with sizes ${showShape(input.shape)} and grid with sizes ${showShape(grid.shape)}`,
    );
  }
  if (!isDifferentiable(input.dtype) || input.dtype.is_complex) {
    throw new NotImplementedError(
      `"${n === 2 ? 'grid_sampler_2d_cpu_kernel_impl' : 'grid_sampler3d_cpu'}" not implemented for '${input.dtype.scalarName}'`,
    );
  }
  if (input.dtype !== grid.dtype)
    throw new RuntimeError(`expected scalar type ${input.dtype.scalarName} but found ${grid.dtype.scalarName}`);
}

// ---- the gradient, in terms of operators, for gradients of higher order ---------------------------------------------
/** Places along one dimension, their weights (0 outside the image), and the weights' derivatives by the coordinate of the grid. */
interface Taps {
  readonly at: Tensor;
  readonly weight: Tensor;
  readonly slope: Tensor;
}
/** The padding rule on coordinates, as a piecewise linear function: its value and slope are constants of each piece. */
function padded(u: Tensor, size: number, s: GridSampling): { value: Tensor; slope: Tensor } {
  let [value, slope] = [u.detach(), u.detach().mul(0).add(1)];
  if (s.padding === 'reflection') {
    const low = s.alignCorners ? 0 : -0.5;
    const span = s.alignCorners ? size - 1 : size;
    if (span === 0) [value, slope] = [value.mul(0), slope.mul(0)];
    else {
      const distance = value.sub(low);
      const flips = distance.abs().div(span).floor();
      const rest = distance.abs().sub(flips.mul(span));
      const odd = flips.remainder(2).ne(0);
      const sign = (negative: Tensor): Tensor => negative.to(slope.dtype).mul(-2).add(1);
      value = F.where$self(odd, rest.neg().add(span), rest).add(low);
      slope = slope.mul(sign(distance.lt(0))).mul(sign(odd));
    }
  }
  if (s.padding !== 'zeros') {
    slope = slope.mul(value.gt(0)).mul(value.lt(size - 1));
    value = value.clamp(0, size - 1);
  }
  return { value: u.mul(slope).add(value.sub(u.detach().mul(slope))), slope };
}
function tapsAlong(x: Tensor, size: number, s: GridSampling): Taps[] {
  const scale = (s.alignCorners ? size - 1 : size) / 2;
  const u = s.alignCorners ? x.add(1).mul(scale) : x.add(1).mul(scale).sub(0.5);
  const tap = (place: Tensor, weight: Tensor, slope: Tensor): Taps => {
    const inside = place.ge(0).mul(place.lt(size)).to(x.dtype);
    return { at: place.clamp(0, size - 1).long(), weight: weight.mul(inside), slope: slope.mul(inside) };
  };
  if (s.mode === 'bicubic') {
    const i = u.detach().floor();
    const t = u.sub(i);
    const near = (d: Tensor): Tensor =>
      d
        .mul(CUBIC + 2)
        .sub(CUBIC + 3)
        .mul(d)
        .mul(d)
        .add(1);
    const far = (d: Tensor): Tensor => d.sub(5).mul(d).add(8).mul(d).sub(4).mul(CUBIC);
    const nearSlope = (d: Tensor): Tensor =>
      d
        .mul(3 * (CUBIC + 2))
        .sub(2 * (CUBIC + 3))
        .mul(d);
    const farSlope = (d: Tensor): Tensor => d.mul(3).sub(10).mul(d).add(8).mul(CUBIC);
    const place = (k: number): Tensor => padded(i.add(k), size, s).value.trunc();
    const [after, back, rest] = [t.add(1), t.neg().add(1), t.neg().add(2)];
    return [
      tap(place(-1), far(after), farSlope(after).mul(scale)),
      tap(place(0), near(t), nearSlope(t).mul(scale)),
      tap(place(1), near(back), nearSlope(back).mul(-scale)),
      tap(place(2), far(rest), farSlope(rest).mul(-scale)),
    ];
  }
  const { value, slope } = padded(u, size, s);
  if (s.mode === 'nearest') {
    const i = value.detach().round();
    return [tap(i, slope.mul(0).add(1), slope.mul(0))];
  }
  const i = value.detach().floor();
  const t = value.sub(i);
  return [tap(i, t.neg().add(1), slope.mul(-scale)), tap(i.add(1), t, slope.mul(scale))];
}
/** Every combination of a place along each dimension. */
function combinations(along: readonly (readonly Taps[])[]): (readonly Taps[])[] {
  return along.reduce<(readonly Taps[])[]>((all, list) => all.flatMap((chosen) => list.map((t) => [...chosen, t])), [[]]);
}
function sampleBackward(grad: Tensor, a: Sampled, wanted: readonly boolean[]): [Tensor, Tensor] {
  const { input, grid } = a;
  const size = input.shape.slice(2);
  const n = size.length;
  const [batch, channels] = input.shape as readonly number[] as [number, number];
  const coordinates = grid.reshape([batch, -1, n]);
  const along = size.map((length, d) => tapsAlong(coordinates.select(2, n - 1 - d), length, sampling(a)));
  const [x, g] = [input.reshape([batch, channels, -1]), grad.reshape([batch, channels, -1])];
  let gradInput = F.zeros([...x.shape], x.dtype, null, x.device);
  const gradGrid: (Tensor | null)[] = size.map(() => null);
  for (const chosen of combinations(along)) {
    const flat = chosen.slice(1).reduce((at, t, k) => at.mul(size[k + 1]!).add(t.at), chosen[0]!.at);
    const index = flat.unsqueeze(1).expand([batch, channels, -1]);
    const product = (slope: number): Tensor => chosen.map((t, k) => (k === slope ? t.slope : t.weight)).reduce((p, w) => p.mul(w));
    if (wanted[0]) gradInput = gradInput.scatter_add(2, index, g.mul(product(-1).unsqueeze(1)));
    if (!wanted[1] || a.interpolation_mode === 1) continue;
    const sum = x.gather(2, index).mul(g).sum(1);
    for (let k = 0; k < n; k++) {
      const term = sum.mul(product(n - 1 - k));
      gradGrid[k] = gradGrid[k]?.add(term) ?? term;
    }
  }
  const none = F.zeros([0], x.dtype, null, x.device);
  // The nearest place does not change, nor does that depend on the input.
  if (a.interpolation_mode === 1) for (let k = 0; k < n; k++) gradGrid[k] = coordinates.select(2, k).mul(0);
  return [
    wanted[0] ? gradInput.reshape([...input.shape]) : none,
    wanted[1] ? F.stack(gradGrid as Tensor[], -1).reshape([...grid.shape]) : none,
  ];
}

/** The batch of vmap joined to the images' own. */
const joined = (t: Tensor, batched: boolean, size: number): Tensor =>
  (batched ? t : t.unsqueeze(0).expand([size, ...t.shape])).flatten(0, 1);

for (const n of [2, 3] as const) {
  const name = `grid_sampler_${n}d`;
  const params = 'int interpolation_mode, int padding_mode, bool align_corners';
  const backward = lookup(`${name}_backward`) as unknown as (
    grad: Tensor,
    input: Tensor,
    grid: Tensor,
    mode: number,
    padding: number,
    align: boolean,
    mask: readonly boolean[],
  ) => readonly [Tensor, Tensor];
  op(`grid_sampler_2d(Tensor input, Tensor grid, ${params}) -> Tensor`.replace('grid_sampler_2d', name) as SamplerSchema, {
    doc: `(N, C, …) at the points of a grid (N, …, ${n}) of coordinates from -1 to 1.`,
    meta: (a) => {
      checkSampled(n, a);
      return { shape: [...a.input.shape.slice(0, 2), ...a.grid.shape.slice(1, -1)], dtype: a.input.dtype };
    },
    kernel: (a, out) => sampleInto(out!, a.input, a.grid, sampling(a)),
    grad: joint('input', 'grid', ([g], a, needs) => {
      const [input, grid] = backward(g!, a.input, a.grid, a.interpolation_mode, a.padding_mode, a.align_corners, [
        needs.input!,
        needs.grid!,
      ]);
      return { input: needs.input ? input : null, grid: needs.grid ? grid : null };
    }),
    gradName: `GridSampler${n}DBackward0`,
    batch: (run, a, batched, size) => {
      const r = run({ input: joined(a.input, batched.input, size), grid: joined(a.grid, batched.grid, size) }) as Tensor;
      return r.unflatten(0, [size, -1]);
    },
    autocast: 'float32',
    surface: ['function'],
  });
  op(
    `grid_sampler_2d_backward(Tensor grad_output, Tensor input, Tensor grid, ${params}, bool[2] output_mask) -> (Tensor, Tensor)`.replace(
      'grid_sampler_2d',
      name,
    ) as BackwardSchema,
    {
      doc: `The gradients of ${name} for its input and grid.`,
      decompose: (a) => sampleBackward(a.grad_output, a, a.output_mask),
      meta: ({ input, grid, output_mask }) => [input, grid].map((t, i) => ({ shape: output_mask[i] ? t.shape : [0], dtype: t.dtype })),
      kernel: (a, gradInput, gradGrid) => {
        const [input, grid] = [gradInput!, gradGrid!].map((t, i) => (a.output_mask[i] ? t : null));
        sampleBackwardInto(input!, grid!, a.grad_output, a.input, a.grid, sampling(a));
      },
      batch: (run, a, batched, size) => {
        const r = run({
          grad_output: joined(a.grad_output, batched.grad_output, size),
          input: joined(a.input, batched.input, size),
          grid: joined(a.grid, batched.grid, size),
        }) as Tensor[];
        return r.map((t, i) => (a.output_mask[i] ? t.unflatten(0, [size, -1]) : t.expand([size, 0])));
      },
      surface: [],
    },
  );
}
type SamplerSchema = 'grid_sampler_2d(Tensor input, Tensor grid, int interpolation_mode, int padding_mode, bool align_corners) -> Tensor';
type BackwardSchema =
  'grid_sampler_2d_backward(Tensor grad_output, Tensor input, Tensor grid, int interpolation_mode, int padding_mode, bool align_corners, bool[2] output_mask) -> (Tensor, Tensor)';

op('grid_sampler(Tensor input, Tensor grid, int interpolation_mode, int padding_mode, bool align_corners) -> Tensor', {
  doc: 'grid_sampler_2d or grid_sampler_3d.',
  decompose: ({ input, grid, interpolation_mode, padding_mode, align_corners }) => {
    checkGrid(input, grid);
    const n = input.ndim - 2;
    if ((n !== 2 && n !== 3) || grid.ndim !== input.ndim) {
      throw new RuntimeError(
        `grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes ${showShape(input.shape)} and grid with sizes ${showShape(grid.shape)}`,
      );
    }
    return (n === 2 ? F.grid_sampler_2d : F.grid_sampler_3d)(input, grid, interpolation_mode, padding_mode, align_corners);
  },
  autocast: 'float32',
  surface: ['function'],
});
const warned = new Set<string>();
/** The default since 1.3.0, which PyTorch warns of. */
function aligned(align_corners: boolean | null): boolean {
  if (align_corners === null && !warned.has('default')) {
    warned.add('default');
    console.warn(
      'Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify align_corners=True if the old behavior is desired. See the documentation of grid_sample for details.',
    );
  }
  return align_corners ?? false;
}
op('grid_sample(Tensor input, Tensor grid, str mode="bilinear", str padding_mode="zeros", bool? align_corners=None) -> Tensor', {
  doc: 'input (N, C, …) at the points of a grid (N, …, 2 or 3) of coordinates from -1 to 1.',
  decompose: ({ input, grid, mode, padding_mode, align_corners }) => {
    const m = (MODES as readonly string[]).indexOf(mode);
    const p = (PADDINGS as readonly string[]).indexOf(padding_mode);
    if (m < 0)
      throw new ValueError(`nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '${mode}'`);
    if (p < 0)
      throw new ValueError(
        `nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '${padding_mode}'`,
      );
    return F.grid_sampler(input, grid, m, p, aligned(align_corners));
  },
  surface: ['nn.functional'],
});

// ---- affine grids -------------------------------------------------------------------------------------------------
/** Homogeneous coordinates of the points of a grid (1, points, n + 1): the last dimension's first. */
function basePoints(theta: Tensor, spatial: Shape, align: boolean): Tensor {
  const n = spatial.length;
  const axis = (d: number): Tensor => {
    const steps = spatial[d]!;
    if (steps <= 1) return F.zeros([Math.max(steps, 0)], theta.dtype, null, theta.device);
    const line = F.linspace(-1, 1, steps, theta.dtype, null, theta.device);
    return align ? line : line.mul((steps - 1) / steps);
  };
  const spread = (d: number): Tensor =>
    axis(d)
      .view(spatial.map((_, k) => (k === d ? -1 : 1)))
      .expand([...spatial]);
  const ones = F.ones([...spatial], theta.dtype, null, theta.device);
  const columns = [...spatial.keys()].reverse().map(spread);
  return F.stack([...columns, ones], -1).view([1, -1, n + 1]);
}
op('affine_grid_generator(Tensor theta, int[] size, bool align_corners) -> Tensor', {
  doc: 'The points of an image (N, C, …) of the given size, moved by affine matrices (N, n, n + 1).',
  decompose: ({ theta, size, align_corners }) => {
    const points = basePoints(theta, size.slice(2), align_corners);
    const n = size.length - 2;
    return points
      .expand([size[0]!, -1, -1])
      .bmm(theta.transpose(1, 2))
      .view([size[0]!, ...size.slice(2), n]);
  },
  grad: { theta: uses((g, { size, align_corners }) => F.affine_grid_generator_backward(g, size, align_corners)) },
  roles: { size: 'none' },
  surface: ['function'],
});
op('affine_grid_generator_backward(Tensor grad, int[] size, bool align_corners) -> Tensor', {
  doc: 'The gradient of affine_grid_generator.',
  decompose: ({ grad, size, align_corners }) => {
    const n = size.length - 2;
    const points = basePoints(grad, size.slice(2), align_corners).expand([size[0]!, -1, -1]);
    return grad.reshape([size[0]!, -1, n]).transpose(1, 2).bmm(points);
  },
  roles: { size: 'none' },
  surface: [],
});
op('affine_grid(Tensor theta, int[] size, bool? align_corners=None) -> Tensor', {
  doc: 'The grid for grid_sample that moves images of the given size (N, C, …) by affine matrices (N, n, n + 1).',
  decompose: ({ theta, size, align_corners }) => {
    const align = aligned(align_corners);
    if (!theta.dtype.is_floating_point) throw new ValueError(`Expected theta to have floating point type, but got ${theta.dtype}`);
    const n = size.length - 2;
    if (n !== 2 && n !== 3) {
      throw new NotImplementedError(
        `affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size ${showShape(size)}.`,
      );
    }
    if (theta.ndim !== 3 || theta.shape[1] !== n || theta.shape[2] !== n + 1) {
      throw new ValueError(
        `Expected a batch of ${n}D affine matrices of shape Nx${n}x${n + 1} for size ${showShape(size)}. Got torch.Size(${showShape(theta.shape)}).`,
      );
    }
    if (align && Math.min(...size.slice(2)) === 1) {
      if (!warned.has('unit')) {
        console.warn(
          'Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is not an intended use case of affine_grid. See the documentation of affine_grid for details.',
        );
      }
      warned.add('unit');
    } else if (Math.min(...size) <= 0) throw new ValueError(`Expected non-zero, positive output size. Got ${showShape(size)}`);
    return F.affine_grid_generator(theta, size as number[], align);
  },
  roles: { size: 'none' },
  surface: ['nn.functional'],
});
