// The call path. Order: function-level interceptors, autocast and promotion, transform levels, tape, execution.
import { Category, type DType, float32, float64, promote_types } from '../core/dtype.ts';
import { Tensor } from '../core/tensor.ts';
import { type Op, registry, scatterParts } from './operator.ts';
import { computeDtype } from './promotion.ts';
import { quietly, stage, state } from './state.ts';

/** Calls an operator with positional arguments, defaults filled in. Hidden results stay inside. */
export function call(o: Op, args: unknown[]): unknown {
  const r = state.busy === 0 ? stage.tape(o, args, null) : front(o, args);
  if (o.visible === o.results.length) return r;
  return o.visible === 1 ? (r as unknown[])[0] : (r as unknown[]).slice(0, o.visible);
}
/** Interceptors at the function level see what the user called: not its parts, not each other's calls. */
function front(o: Op, args: unknown[]): unknown {
  const installed = state.fn;
  const step = (i: number): unknown => (i < installed.length ? installed[i]!.call(o, args, () => step(i + 1)) : typed(o, args));
  return quietly(() => step(0));
}

/** Autocast and, under a level, promotion: once, on the tensors that the caller sees, so that every tape above records the casts. */
function typed(o: Op, args: unknown[]): unknown {
  const rule = (o.functional ?? o).decl.autocast;
  const low = state.autocast;
  if (low && rule && !o.functional) {
    const target = rule === 'lower' ? low : rule === 'float32' ? float32 : floatsIn(o, args).reduce(promote_types, low);
    const cast = (x: unknown): unknown =>
      Array.isArray(x)
        ? x.map(cast)
        : x instanceof Tensor && x.dtype.is_floating_point && x.dtype !== float64 && x.dtype !== target
          ? castTo(x, target)
          : x;
    state.autocast = null;
    state.busy--;
    try {
      return toLevel(o, args.map(cast));
    } finally {
      state.autocast = low;
      state.busy++;
    }
  }
  if (state.top !== null && o.isPointwise && o.functional === null) {
    const d = computeDtype(o, args);
    const cast = args.map((x, i) =>
      x instanceof Tensor && o.formulaInputs.includes(i) && !o.ownTyped[i] && x.dtype !== d ? castTo(x, d) : x,
    );
    return toLevel(o, cast);
  }
  return toLevel(o, args);
}
function floatsIn(o: Op, args: readonly unknown[]): DType[] {
  const found: DType[] = [];
  for (const i of o.tensors) {
    for (const t of [args[i]].flat()) if (t instanceof Tensor && t.dtype.category === Category.Floating) found.push(t.dtype);
  }
  return found;
}
const castTo = (t: Tensor, d: DType): Tensor => call(registry.get('_to_copy')!, castArgs(t, d)) as Tensor;
const castArgs = (t: Tensor, d: DType): unknown[] => [
  t,
  d,
  ...registry
    .get('_to_copy')!
    .params.slice(2)
    .map((p) => p.default),
];

/** The top level handles; with no level left, the plain tape does. */
export function toLevel(o: Op, args: unknown[]): unknown {
  return state.top === null ? stage.tape(o, args, null) : state.top.handle(o, args);
}

/** Runs `body` with matrix products and convolutions in a lower precision. */
export function withAutocast<T>(dtype: DType | null, body: () => T): T {
  const saved = state.autocast;
  if (dtype && !saved) state.busy++;
  if (!dtype && saved) state.busy--;
  state.autocast = dtype;
  try {
    return body();
  } finally {
    if (dtype && !saved) state.busy--;
    if (!dtype && saved) state.busy++;
    state.autocast = saved;
  }
}

scatterParts.call = call;
