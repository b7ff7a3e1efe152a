// Whole groups of parameters in one call of the backend, where it has one and the tensors are plain.
import { backend, type OptimizerSteps } from '../backend/interface.ts';
import { cpu } from '../core/device.ts';
import { type DType, float32, float64 } from '../core/dtype.ts';
import { sameShape } from '../core/size.ts';
import { Tensor } from '../core/tensor.ts';
import { state } from '../dispatch/state.ts';

type Entry = { readonly param: Tensor; readonly grad: Tensor };
type Kind = keyof OptimizerSteps;

/** Whether a group may be stepped by the backend at all: nothing is installed that has to see the operators. */
export const mayFuse = (group: { readonly differentiable?: unknown }): boolean =>
  backend.current.optimizers !== undefined && state.busy === 0 && !group.differentiable;

/**
 * Steps the entries that the backend can: float32 or float64 tensors of one dense layout each. Versions of what changed are bumped.
 * @returns the entries that are left, for the arithmetic in operators.
 */
export function stepFused<K extends Kind, T extends Entry & Parameters<OptimizerSteps[K]>[2][number]>(
  kind: K,
  settings: Parameters<OptimizerSteps[K]>[0],
  entries: readonly T[],
): readonly T[] {
  const steps = backend.current.optimizers!;
  let left = entries;
  for (const dtype of [float32, float64]) {
    const plain = left.filter((e) => isPlain(e, dtype));
    if (plain.length === 0) continue;
    const run = steps[kind] as (s: unknown, dtype: DType, t: readonly unknown[]) => boolean;
    if (!run(settings, dtype, plain)) continue;
    for (const e of plain) for (const t of Object.values(e)) if (t instanceof Tensor && t !== e.grad) t.cell.version++;
    left = plain.length === left.length ? [] : left.filter((e) => !plain.includes(e));
  }
  return left;
}
function isPlain(entry: Entry, dtype: DType): boolean {
  const { layout } = entry.param;
  if (layout.dtype !== dtype || layout.device !== cpu || layout.numel === 0 || !layout.nonOverlappingAndDense) return false;
  for (const t of Object.values(entry)) {
    if (!(t instanceof Tensor)) continue;
    const l = t.layout;
    if (t.storage === null || t.level !== null || l.dtype !== dtype || !l.plain) return false;
    if (l !== layout && !(sameShape(l.shape, layout.shape) && (sameShape(l.stride, layout.stride) || (l.contiguous && layout.contiguous)))) return false;
  }
  return true;
}
