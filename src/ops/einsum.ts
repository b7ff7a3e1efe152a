// Contractions: einsum, tensordot, Kronecker and cross products, chains of matrices.
import { Category } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError, ValueError } from '../core/errors.ts';
import { broadcastShapes, showShape, wrapDim } from '../core/shape.ts';
import { numel } from '../core/size.ts';
import { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';

// ---- einsum -------------------------------------------------------------------------------------------------------
/** The dimension that `...` stands for. */
const ELLIPSIS = -1;
const MISSING = 'einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts list';
const SUBSCRIPTS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Subscripts of one operand or of the output: places in the alphabet, and ELLIPSIS. */
type Labels = readonly number[];
interface Equation {
  readonly operands: readonly Labels[];
  /** null: to be inferred. */
  readonly output: Labels | null;
}

function parseEquation(equation: string): Equation {
  const arrow = equation.indexOf('->');
  const left = arrow < 0 ? equation : equation.slice(0, arrow);
  const operands: number[][] = [[]];
  const read = (text: string, from: number, where: () => string, labels: () => number[], comma: (() => void) | null): void => {
    let ellipsis = false;
    for (let i = 0; i < text.length; i++) {
      const c = text[i]!;
      if (c === ' ') continue;
      if (c === '.') {
        if (ellipsis) throw new RuntimeError(`einsum(): found '.' for ${where()} for which an ellipsis was already found`);
        if (text.slice(i, i + 3) !== '...') throw new RuntimeError(`einsum(): found '.' for ${where()} that is not part of any ellipsis`);
        i += 2;
        ellipsis = true;
        labels().push(ELLIPSIS);
      } else if (c === ',' && comma) {
        comma();
        ellipsis = false;
      } else if (SUBSCRIPTS.includes(c)) labels().push(SUBSCRIPTS.indexOf(c));
      else
        throw new RuntimeError(
          `einsum(): invalid subscript given at index ${from + i} in the equation string, subscripts must be in [a-zA-Z]`,
        );
    }
  };
  const last = (): number[] => operands[operands.length - 1]!;
  read(
    left,
    0,
    () => `operand ${operands.length - 1}`,
    last,
    () => void operands.push([]),
  );
  if (arrow < 0) return { operands, output: null };
  const output: number[] = [];
  read(
    equation.slice(arrow + 2),
    arrow + 2,
    () => 'the output',
    () => output,
    null,
  );
  return { operands, output };
}
const letter = (label: number): string => SUBSCRIPTS[label]!;

/** Checks the operands against their subscripts; the number of dimensions that the ellipsis stands for. */
function ellipsisSize(operands: readonly Tensor[], labels: readonly Labels[]): number {
  let size = 0;
  operands.forEach((t, i) => {
    const named = labels[i]!.filter((x) => x !== ELLIPSIS).length;
    if (labels[i]!.includes(ELLIPSIS)) {
      if (named > t.ndim) {
        throw new RuntimeError(
          `einsum(): the number of subscripts in the equation (${named}) is more than the number of dimensions (${t.ndim}) for operand ${i}`,
        );
      }
      size = Math.max(size, t.ndim - named);
    } else if (named !== t.ndim) {
      throw new RuntimeError(
        `einsum(): the number of subscripts in the equation (${named}) does not match the number of dimensions (${t.ndim}) for operand ${i} and no ellipsis was given`,
      );
    }
  });
  return size;
}
/** Subscripts that appear once, in alphabetical order, after the ellipsis. */
function inferOutput(labels: readonly Labels[]): Labels {
  const counts = new Map<number, number>();
  for (const x of labels.flat()) counts.set(x, (counts.get(x) ?? 0) + 1);
  const once = [...counts].filter(([x, n]) => x !== ELLIPSIS && n === 1).map(([x]) => x);
  return [...(counts.has(ELLIPSIS) ? [ELLIPSIS] : []), ...once.sort((a, b) => a - b)];
}

/** The operand with one dimension for each place of the common order: diagonals for repeated subscripts, ones for those it lacks. */
function aligned(
  operand: Tensor,
  labels: Labels,
  index: number,
  place: ReadonlyMap<number, number>,
  ellipsis: number,
  rank: number,
): Tensor {
  let t = operand;
  const places: number[] = [];
  let d = 0;
  for (const label of labels) {
    if (label === ELLIPSIS) {
      const covered = operand.ndim - labels.length + 1;
      for (let k = ellipsis - covered; k < ellipsis; k++, d++) places.push(place.get(ELLIPSIS)! + k);
      continue;
    }
    const p = place.get(label)!;
    const first = places.indexOf(p);
    if (first < 0) {
      places.push(p);
      d++;
      continue;
    }
    const [n, m] = [t.shape[first]!, t.shape[d]!];
    if (n !== m)
      throw new RuntimeError(
        `einsum(): subscript ${letter(label)} is repeated for operand ${index} but the sizes don't match, ${m} != ${n}`,
      );
    t = F.diagonal(t, 0, first, d).movedim(-1, first);
  }
  const order = places.map((_, i) => i).sort((a, b) => places[a]! - places[b]!);
  t = t.permute(order);
  const present = new Set(places);
  for (let p = 0; p < rank; p++) if (!present.has(p)) t = t.unsqueeze(p);
  return t;
}

/** The sum over `dims` of the product of two tensors with the same number of dimensions, which stay as ones: one batched product. */
function contract(left: Tensor, right: Tensor, dims: readonly number[]): Tensor {
  let [a, b] = [left, right];
  const [batch, contracted, ofLeft, ofRight]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let d = 0; d < a.ndim; d++) {
    const [inLeft, inRight] = [left.shape[d] !== 1, right.shape[d] !== 1];
    if (dims.includes(d)) {
      if (inLeft && inRight) contracted.push(d);
      else if (inLeft) a = F.sum$dim_IntList(a, [d], true);
      else if (inRight) b = F.sum$dim_IntList(b, [d], true);
    } else if (inLeft && inRight) batch.push(d);
    else if (inLeft) ofLeft.push(d);
    else ofRight.push(d);
  }
  if (contracted.length === 0 && dims.every((d) => a.shape[d] === 1 && b.shape[d] === 1)) return a.mul(b);
  const sizes = (t: Tensor, ds: readonly number[]): number[] => ds.map((d) => t.shape[d]!);
  const summed = dims.filter((d) => !contracted.includes(d));
  const [nb, nk, nl, nr] = [numel(sizes(a, batch)), numel(sizes(a, contracted)), numel(sizes(a, ofLeft)), numel(sizes(b, ofRight))];
  const x = a.permute([...batch, ...ofLeft, ...contracted, ...ofRight, ...summed]).reshape([nb, nl, nk]);
  const y = b.permute([...batch, ...contracted, ...ofRight, ...ofLeft, ...summed]).reshape([nb, nk, nr]);
  const order = [...batch, ...ofLeft, ...ofRight, ...contracted, ...summed];
  const r = x
    .bmm(y)
    .reshape([...sizes(a, batch), ...sizes(a, ofLeft), ...sizes(b, ofRight), ...contracted.map(() => 1), ...summed.map(() => 1)]);
  return r.permute(order.map((_, d) => order.indexOf(d)));
}

function einsum(equation: Equation, tensors: readonly Tensor[], path: readonly number[] | null): Tensor {
  const { operands } = equation;
  if (operands.length !== tensors.length)
    throw new RuntimeError(
      `einsum(): ${operands.length > tensors.length ? 'fewer' : 'more'} operands were provided than specified in the equation`,
    );
  const ellipsis = ellipsisSize(tensors, operands);
  const output = equation.output ?? inferOutput(operands);

  // The common order of dimensions: those of the output, then those that are summed.
  const place = new Map<number, number>();
  let rank = 0;
  const add = (label: number): void => {
    place.set(label, rank);
    rank += label === ELLIPSIS ? ellipsis : 1;
  };
  const known = new Set(operands.flat());
  for (const label of output) {
    if (place.has(label)) throw new RuntimeError(`einsum(): output subscript ${letter(label)} appears more than once in the output`);
    if (label !== ELLIPSIS && !known.has(label))
      throw new RuntimeError(`einsum(): output subscript ${letter(label)} does not appear in the equation for any input operand`);
    add(label);
  }
  const kept = rank;
  for (const label of [...known].sort((a, b) => a - b)) if (!place.has(label)) add(label);
  let ts = tensors.map((t, i) => aligned(t, operands[i]!, i, place, ellipsis, rank));
  checkSizes(ts, place, ellipsis);

  // Dimensions are summed as soon as no other operand has them.
  const finished = (list: readonly Tensor[]): number[] => {
    const dims: number[] = [];
    for (let d = kept; d < rank; d++) if (list.every((t) => t.shape[d] === 1)) dims.push(d);
    return dims;
  };
  let step = 0;
  while (ts.length > 1) {
    const [i, j] = path ? ([path[step++]!, path[step++]!].sort((a, b) => a - b) as [number, number]) : [0, 1];
    const rest = ts.filter((_, k) => k !== i && k !== j);
    ts = [...(path ? rest : []), contract(ts[i]!, ts[j]!, finished(rest)), ...(path ? [] : rest)];
  }
  const r = ts[0]!;
  const summed = Array.from({ length: rank - kept }, (_, i) => kept + i);
  if (summed.length === 0) return r;
  // The last contraction has summed everything that several operands have to sum.
  return tensors.length > 1 ? F.squeeze$dims(r, summed) : F.sum$dim_IntList(r, summed, false);
}
/** Every dimension has one size, or ones. */
function checkSizes(ts: readonly Tensor[], place: ReadonlyMap<number, number>, ellipsis: number): void {
  for (const [label, p] of place) {
    const width = label === ELLIPSIS ? ellipsis : 1;
    for (let k = 0; k < width; k++) {
      let size = 1;
      ts.forEach((t, i) => {
        const s = t.shape[p + k]!;
        if (s === 1) return;
        if (size !== 1 && size !== s) {
          const what = label === ELLIPSIS ? `dimension ${k} covered by ellipsis` : `subscript ${letter(label)}`;
          throw new RuntimeError(
            `einsum(): ${what} has size ${s} for operand ${i} which does not broadcast with previously seen size ${size}`,
          );
        }
        size = s;
      });
    }
  }
}
op('einsum(str equation, Tensor[] tensors=[], *, int[]? path=None) -> Tensor', {
  doc: "Sums of products by Einstein's convention: `einsum('ij,jk->ik', a, b)`.",
  decompose: ({ equation, tensors, path }) => {
    if (tensors.length === 0) throw new ValueError(MISSING);
    return einsum(parseEquation(equation), tensors, path);
  },
  variadic: true,
  autocast: 'lower',
});

/** Subscripts given as numbers; null stands for the ellipsis. */
function labelsOf(list: unknown): Labels {
  return (list as readonly (number | null | string)[]).map((x) => {
    if (x === null || x === '...') return ELLIPSIS;
    const label = Number(x);
    if (!(label >= 0 && label < 52)) throw new ValueError('einsum(): subscript in subscript list is not within the valid range [0, 52)');
    return label;
  });
}
/** Operands alternate with their subscripts; what is left over at the end are the output's. */
function einsumOfLists(given: readonly unknown[]): Tensor {
  const pairs = Math.floor(given.length / 2);
  if (pairs === 0) throw new ValueError(MISSING);
  const operands = Array.from({ length: pairs }, (_, i) => given[2 * i] as Tensor);
  const labels = operands.map((_, i) => labelsOf(given[2 * i + 1]));
  return einsum({ operands: labels, output: given.length % 2 ? labelsOf(given[2 * pairs]) : null }, operands, null);
}
op('einsum.sublist(Any[] operands) -> Tensor', {
  doc: 'Sums of products with subscripts as lists of numbers: `einsum(a, [0, 1], b, [1, 2], [0, 2])`; null stands for the ellipsis.',
  decompose: ({ operands }) => einsumOfLists(operands),
  variadic: true,
});

// ---- tensordot ----------------------------------------------------------------------------------------------------
op('tensordot(Tensor self, Tensor other, int[] dims_self, int[] dims_other) -> Tensor', {
  doc: 'The sum of products over the paired dimensions.',
  decompose: ({ self, other, dims_self, dims_other }) => {
    if (dims_self.length !== dims_other.length) throw new RuntimeError('both dimension lists should have same length');
    if (self.dtype !== other.dtype) throw new RuntimeError('both inputs should have same dtype');
    const da = dims_self.map((d) => wrapDim(d, self.ndim));
    const db = dims_other.map((d) => wrapDim(d, other.ndim));
    let [x, y] = [self, other];
    da.forEach((d, i) => {
      const [n, m] = [self.shape[d]!, other.shape[db[i]!]!];
      if (n === m) return;
      if (n !== 1 && m !== 1)
        throw new RuntimeError(
          `contracted dimensions need to match, but first has size ${n} in dim ${dims_self[i]} and second has size ${m} in dim ${dims_other[i]}`,
        );
      if (n === 1) y = F.sum$dim_IntList(y, [db[i]!], true);
      else x = F.sum$dim_IntList(x, [d], true);
    });
    const rest = (t: Tensor, used: readonly number[]): number[] => t.shape.map((_, i) => i).filter((i) => !used.includes(i));
    const [ra, rb] = [rest(x, da), rest(y, db)];
    const sizes = (t: Tensor, ds: readonly number[]): number[] => ds.map((d) => t.shape[d]!);
    const k = numel(sizes(x, da));
    const left = x.permute([...ra, ...da]).reshape([numel(sizes(x, ra)), k]);
    const right = y.permute([...db, ...rb]).reshape([k, numel(sizes(y, rb))]);
    return left.mm(right).reshape([...sizes(x, ra), ...sizes(y, rb)]);
  },
  surface: [],
});
op('tensordot.dims(Tensor a, Tensor b, Any dims=2) -> Tensor', {
  doc: 'The sum of products over the last `dims` dimensions of a and the first of b, or over two lists of dimensions.',
  decompose: ({ a, b, dims }) => {
    const given: unknown = dims instanceof Tensor ? dims.tolist() : dims;
    if (Array.isArray(given)) {
      const [first, second] = (given.length === 1 ? [given[0], given[0]] : given) as [number | number[], number | number[]];
      return F.tensordot(a, b, [first].flat(), [second].flat());
    }
    const n = Number(given);
    if (n < 0) throw new RuntimeError(`tensordot expects dims >= 0, but got dims=${n}`);
    if (n > Math.min(a.ndim, b.ndim)) throw new RuntimeError(`tensordot expects dims < ndim_a or ndim_b, but got dims=${n}`);
    return F.tensordot(
      a,
      b,
      Array.from({ length: n }, (_, i) => i - n),
      Array.from({ length: n }, (_, i) => i),
    );
  },
});

// ---- products of several ------------------------------------------------------------------------------------------
function kroneckerProduct(self: Tensor, other: Tensor): Tensor {
  const n = Math.max(self.ndim, other.ndim);
  const spread = (t: Tensor, first: boolean): Tensor => {
    const shape = [...new Array<number>(n - t.ndim).fill(1), ...t.shape];
    return t.reshape(shape.flatMap((s) => (first ? [s, 1] : [1, s])));
  };
  const size = (t: Tensor, i: number): number => t.shape[i - n + t.ndim] ?? 1;
  return spread(self, true)
    .mul(spread(other, false))
    .reshape(Array.from({ length: n }, (_, i) => size(self, i) * size(other, i)));
}
op('_kron(Tensor self, Tensor other) -> Tensor', {
  doc: 'The Kronecker product of two matrices of one dtype.',
  decompose: ({ self, other }) => kroneckerProduct(self, other),
  meta: ({ self, other }) => ({ shape: self.layout.shape.map((n, i) => n * other.layout.shape[i]!), dtype: self.dtype }),
  kernel: ({ self, other }, out) => F.copy_(out!, kroneckerProduct(self.detach(), other.detach())),
  surface: [],
  inplace: false,
});
op('kron(Tensor self, Tensor other) -> Tensor', {
  doc: 'The Kronecker product: every element of self times the whole of other.',
  decompose: ({ self, other }) =>
    self.ndim === 2 && other.ndim === 2 && self.dtype === other.dtype ? F._kron(self, other) : kroneckerProduct(self, other),
  inplace: false,
});
op('linalg_multi_dot(Tensor[] tensors) -> Tensor', {
  doc: 'The product of two or more matrices in the cheapest order; the first and the last may be vectors.',
  decompose: ({ tensors }) => multiDot(tensors),
});
function multiDot(tensors: readonly Tensor[]): Tensor {
  const n = tensors.length;
  if (n < 2) throw new RuntimeError(`multi_dot(): expected at least 2 tensors but got ${n}`);
  const [first, last] = [tensors[0]!, tensors[n - 1]!];
  if (first.ndim !== 1 && first.ndim !== 2) throw new RuntimeError(`multi_dot(): the first tensor must be 1D or 2D but got ${first.ndim}D`);
  if (last.ndim !== 1 && last.ndim !== 2) throw new RuntimeError(`multi_dot(): the last tensor must be 1D or 2D but got ${last.ndim}D`);
  const matrices = tensors.map((t, i) => {
    if (i > 0 && i < n - 1 && t.ndim !== 2) throw new RuntimeError(`multi_dot(): tensor ${i} must be 2D but got ${t.ndim}D`);
    if (t.dtype !== first.dtype) {
      throw new RuntimeError(
        `multi_dot(): all tensors must have be the same dtype but tensor 0 is ${first.dtype.cName} and tensor ${i} ${t.dtype.cName}`,
      );
    }
    return t.ndim === 1 ? t.unsqueeze(i === 0 ? 0 : 1) : t;
  });
  for (let i = 0; i + 1 < n; i++) {
    if (matrices[i]!.shape[1] !== matrices[i + 1]!.shape[0]) {
      throw new RuntimeError(
        `multi_dot(): tensors ${i} and ${i + 1} with shapes ${showShape(tensors[i]!.shape)} and ${showShape(tensors[i + 1]!.shape)} cannot be multiplied`,
      );
    }
  }
  const shape = [...(first.ndim === 1 ? [] : [first.shape[0]!]), ...(last.ndim === 1 ? [] : [last.shape[1]!])];
  return cheapestChain(matrices).reshape(shape);
}
/** The product in the order with the fewest multiplications. */
function cheapestChain(matrices: readonly Tensor[]): Tensor {
  const n = matrices.length;
  const sizes = [matrices[0]!.shape[0]!, ...matrices.map((m) => m.shape[1]!)];
  const cost = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const cut = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let length = 1; length < n; length++) {
    for (let i = 0; i + length < n; i++) {
      const j = i + length;
      cost[i]![j] = Number.POSITIVE_INFINITY;
      for (let k = i; k < j; k++) {
        const c = cost[i]![k]! + cost[k + 1]![j]! + sizes[i]! * sizes[k + 1]! * sizes[j + 1]!;
        if (c < cost[i]![j]!) {
          cost[i]![j] = c;
          cut[i]![j] = k;
        }
      }
    }
  }
  const build = (i: number, j: number): Tensor => (i === j ? matrices[i]! : build(i, cut[i]![j]!).mm(build(cut[i]![j]! + 1, j)));
  return build(0, n - 1);
}
op('chain_matmul(Tensor[] matrices) -> Tensor', {
  doc: 'The product of matrices in the cheapest order; torch.linalg.multi_dot is its new form.',
  decompose: ({ matrices }) => {
    if (matrices.length === 0) throw new RuntimeError('chain_matmul(): Expected one or more matrices');
    for (const t of matrices) if (t.ndim !== 2) throw new RuntimeError(`Tensor dimension is ${t.ndim}, expected 2 instead.`);
    return matrices.length === 1 ? matrices[0]!.clone() : multiDot(matrices);
  },
  variadic: true,
});
op('linalg_cross(Tensor self, Tensor other, *, int dim=-1) -> Tensor', {
  doc: 'The cross product of vectors of three numbers along a dimension.',
  decompose: ({ self, other, dim }) => {
    if (self.ndim !== other.ndim) throw new RuntimeError('linalg.cross: inputs must have the same number of dimensions.');
    const d = wrapDim(dim, self.ndim);
    const [n, m] = [self.shape[d], other.shape[d]];
    if (n !== 3 || m !== 3) throw new RuntimeError(`linalg.cross: inputs dimension ${dim} must have length 3. Got ${n} and ${m}`);
    const shape = broadcastShapes(self.shape, other.shape);
    const [a, b] = [self.expand(shape), other.expand(shape)];
    const part = (i: number): Tensor => {
      const [j, k] = [(i + 1) % 3, (i + 2) % 3];
      return a
        .select(d, j)
        .mul(b.select(d, k))
        .sub(a.select(d, k).mul(b.select(d, j)));
    };
    return F.stack([part(0), part(1), part(2)], d);
  },
});
op('cross(Tensor self, Tensor other, int? dim=None) -> Tensor', {
  doc: 'The cross product along a dimension, or along the first one of three places.',
  decompose: ({ self, other, dim }) => {
    let d = dim;
    if (d === null) {
      d = self.shape.indexOf(3);
      if (d < 0) throw new RuntimeError('no dimension of size 3 in input');
    }
    return F.linalg_cross(self, other, d);
  },
  inplace: false,
});
op('linalg_vecdot(Tensor x, Tensor y, *, int dim=-1) -> Tensor', {
  doc: 'The inner products of vectors along a dimension, the first conjugated.',
  decompose: ({ x, y, dim }) => {
    if (x.dtype.category < Category.Floating)
      throw new NotImplementedError(`linalg.vecdot: Expected a floating point or complex tensor as input. Got ${x.dtype.scalarName}`);
    if (x.ndim === 1 && y.ndim === 1) return x.vdot(y);
    const a = x.movedim(dim, -1).conj().unsqueeze(-2);
    return a.matmul(y.movedim(dim, -1).unsqueeze(-1)).squeeze(-1).squeeze(-1);
  },
});
op('linalg_vander(Tensor x, *, SymInt? N=None) -> Tensor', {
  doc: 'The Vandermonde matrix: columns x⁰, x¹, …, xᴺ⁻¹.',
  decompose: ({ x, N }) => {
    if (x.dtype.category === Category.Bool)
      throw new NotImplementedError(`linalg.vander supports floating point, complex, and integer tensors, but got ${x.dtype.scalarName}`);
    const n = N ?? x.shape[x.ndim - 1] ?? 1;
    if (n <= 1) throw new RuntimeError('N must be greater than 1.');
    const base = x.ndim === 0 ? x.unsqueeze(0) : x;
    const powers = F.cumprod(base.unsqueeze(-1).expand([...base.shape, n - 1]), -1, null);
    return F.cat([F.ones([...base.shape, 1], powers.dtype, null, powers.device), powers], -1);
  },
});
op('linalg_diagonal(Tensor(a) A, *, int offset=0, int dim1=-2, int dim2=-1) -> Tensor(a)', {
  doc: 'The diagonals of matrices, as a view.',
  decompose: ({ A, offset, dim1, dim2 }) => F.diagonal(A, offset, dim1, dim2),
});
op('linalg_matmul(Tensor self, Tensor other) -> Tensor', {
  doc: 'The matrix product: torch.matmul.',
  decompose: ({ self, other }) => self.matmul(other),
});
