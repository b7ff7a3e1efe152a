// Python's indexing: x.at(…) reads, x.set([…], value) writes.
import { bool, int64, uint8 } from '../core/dtype.ts';
import { IndexError } from '../core/errors.ts';
import { isScalar, type Scalar } from '../core/scalar.ts';
import { showShape } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { tensor } from './construct.ts';

/** Python's slice(start, stop, step), for bounds that are computed. */
export class Slice {
  constructor(
    readonly start: number | null,
    readonly stop: number | null,
    readonly step: number | null,
  ) {}
}
/** `x[i:j]` is `x.at(torch.slice(i, j))`. */
export function slice(start: number | null = null, stop?: number | null, step: number | null = null): Slice {
  return stop === undefined ? new Slice(null, start, step) : new Slice(start, stop, step);
}

/** One entry of an index: a position, `'1:4'`, `'...'`, null (a new dimension), a mask, or positions as a list or tensor. */
export type Index = number | bigint | string | null | boolean | Slice | Tensor | readonly unknown[];

const SLICE = /^\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(-?\d+)?\s*)?$/;
function parseSlice(text: string): Slice {
  const m = SLICE.exec(text);
  if (!m)
    throw new IndexError(
      `only integers, slices (\`:\`), ellipsis (\`...\`), None and long or byte Variables are valid indices (got '${text}')`,
    );
  const part = (s: string | undefined): number | null => (s === undefined ? null : Number(s));
  return new Slice(part(m[1]), part(m[2]), part(m[3]));
}

/** The view that the basic entries select, and index tensors for the rest, by dimension of that view. */
interface Selection {
  readonly view: Tensor;
  readonly indices: readonly (Tensor | null)[];
}
function select(self: Tensor, entries: readonly Index[]): Selection {
  const consumes = (e: Index): number => {
    if (e === null || typeof e === 'boolean' || e === '...') return 0;
    return e instanceof Tensor && (e.dtype === bool || e.dtype === uint8) ? Math.max(e.ndim, 0) : 1;
  };
  const list = entries.map((e): Index => (Array.isArray(e) ? tensor(e, { dtype: holdsBooleans(e) ? bool : int64 }) : e));
  const used = list.reduce<number>((n, e) => n + consumes(e), 0);
  if (used > self.ndim) throw new IndexError(`too many indices for tensor of dimension ${self.ndim}`);
  let view = self;
  let dim = 0;
  const indices: (Tensor | null)[] = [];
  let ellipsis = false;
  for (const e of list) {
    if (e === '...') {
      if (ellipsis) throw new IndexError("an index can only have a single ellipsis ('...')");
      ellipsis = true;
      dim += self.ndim - used;
    } else if (e === null) view = view.unsqueeze(dim++);
    else if (typeof e === 'boolean') {
      view = view.unsqueeze(dim);
      indices[dim++] = tensor(e ? [0] : [], { dtype: int64 });
    } else if (typeof e === 'number' || typeof e === 'bigint') view = selectOne(view, dim, Number(e), self);
    else if (typeof e === 'string' || e instanceof Slice) {
      const s = typeof e === 'string' ? parseSlice(e) : e;
      if (s.step !== null && s.step <= 0) throw new ValueErrorForStep();
      if (s.start !== null || s.stop !== null || (s.step ?? 1) !== 1) view = view.slice(dim, s.start, s.stop, s.step ?? 1);
      dim++;
    } else if (e instanceof Tensor) {
      if (e.ndim === 0 && e.dtype !== bool && e.dtype !== uint8 && !e.dtype.is_floating_point) {
        indices[dim++] = e;
      } else if (e.ndim === 0) {
        view = view.unsqueeze(dim);
        indices[dim++] =
          e.dtype === bool || e.dtype === uint8
            ? e.nonzero().numel() || e.item()
              ? tensor([0], { dtype: int64 })
              : tensor([], { dtype: int64 })
            : e;
      } else {
        indices[dim] = e;
        dim += consumes(e);
      }
    } else
      throw new IndexError(
        `only integers, slices (\`:\`), ellipsis (\`...\`), None and long or byte Variables are valid indices (got ${typeof e})`,
      );
  }
  return { view, indices };
}
class ValueErrorForStep extends Error {
  override name = 'ValueError';
  constructor() {
    super('step must be greater than zero');
  }
}
const holdsBooleans = (x: unknown): boolean => (Array.isArray(x) ? x.length > 0 && holdsBooleans(x[0]) : typeof x === 'boolean');
function selectOne(view: Tensor, dim: number, i: number, self: Tensor): Tensor {
  if (!Number.isInteger(i))
    throw new IndexError('only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got float)');
  if (view.ndim === 0)
    throw new IndexError(
      'invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number',
    );
  const n = view.layout.shape[dim]!;
  if (i < -n || i >= n) throw new IndexError(`index ${i} is out of bounds for dimension ${dim + (self.ndim - view.ndim)} with size ${n}`);
  return view.select(dim, i);
}
const filled = (indices: readonly (Tensor | null)[]): (Tensor | null)[] => Array.from(indices, (t) => t ?? null);

/** x[…]. Basic entries give views; masks and positions copy. */
export function at(self: Tensor, entries: readonly Index[]): Tensor {
  const { view, indices } = select(self, entries);
  if (indices.length === 0) return view === self ? self.alias() : view;
  return F.index$Tensor(view, filled(indices));
}
/** x[…] = value, in place. */
export function setAt(self: Tensor, entries: readonly Index[], value: Tensor | Scalar | readonly unknown[]): Tensor {
  const { view, indices } = select(self, entries);
  let v: Tensor;
  if (value instanceof Tensor) v = value;
  else if (isScalar(value)) v = F.full([], value, self.dtype, null, self.device);
  else v = tensor(value, { dtype: self.dtype });
  if (indices.length === 0) {
    const shape = view.layout.shape;
    // NumPy's rule, which PyTorch keeps: leading ones of the value are dropped.
    while (v.ndim > shape.length && v.layout.shape[0] === 1) v = v.squeeze(0);
    if (v.ndim > shape.length) throw new RuntimeErrorForShape(v, shape);
    view.copy_(v);
  } else {
    const cast = v.dtype === self.dtype ? v : v.to(self.dtype);
    view.index_put_(filled(indices) as Tensor[], cast);
  }
  return self;
}
class RuntimeErrorForShape extends Error {
  override name = 'RuntimeError';
  constructor(v: Tensor, shape: readonly number[]) {
    super(
      `shape mismatch: value tensor of shape ${showShape(v.layout.shape)} cannot be broadcast to indexing result of shape ${showShape(shape)}`,
    );
  }
}
