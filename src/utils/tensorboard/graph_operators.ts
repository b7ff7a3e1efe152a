// Operators in the words of PyTorch's traces, which record what lies below the functions of torch.nn.functional.
import type { Op } from '../../dispatch/operator.ts';

export interface Argument {
  readonly value: unknown;
  /** The schema's type without its marks: int, float, Scalar, … */
  readonly base: string;
  readonly isList: boolean;
}
export interface AtenCall {
  readonly name: string;
  readonly args: readonly Argument[];
}
type Named = Readonly<Record<string, Argument>>;
const int = (...value: number[]): Argument => ({ value, base: 'int', isList: true });
const bool = (value: boolean): Argument => ({ value, base: 'bool', isList: false });
/** PyTorch's convolutions all become `_convolution`; the last four are settings of its backends. */
const convolution = (a: Named, transposed: boolean, dims: number): readonly Argument[] => [
  (a.input ?? a.self)!,
  a.weight!,
  a.bias!,
  a.stride!,
  a.padding!,
  a.dilation!,
  bool(transposed),
  a.output_padding ?? int(...new Array<number>(dims).fill(0)),
  a.groups!,
  bool(false),
  bool(false),
  bool(true),
  bool(true),
];
const ATEN: Readonly<Record<string, (a: Named) => readonly Argument[]>> = {
  batch_norm: (a) => [a.input!, a.weight!, a.bias!, a.running_mean!, a.running_var!, a.training!, a.momentum!, a.eps!, bool(true)],
  dropout: (a) => [a.input!, a.p!, a.training!],
};
const CONVOLUTION = /^conv(_transpose)?([123])d$/;

/** The call as it would be recorded. */
export function atenCall(op: Op, given: readonly unknown[]): AtenCall {
  const all = op.params.map((p, i): Argument => ({ value: given[i], base: p.base, isList: p.list }));
  const named: Named = Object.fromEntries(op.params.map((p, i) => [p.name, all[i]!]));
  const [base = op.name] = op.name.split('.');
  const conv = CONVOLUTION.exec(base);
  if (conv && typeof named.padding?.value !== 'string')
    return { name: '_convolution', args: convolution(named, Boolean(conv[1]), Number(conv[2])) };
  const isFunctional = op.name.endsWith('.functional');
  const inPlace = isFunctional && named.inplace?.value === true;
  const args = isFunctional && ATEN[base] ? ATEN[base](named) : all.filter((_, i) => !FUNCTIONAL_ONLY.has(op.params[i]!.name));
  return { name: inPlace ? `${base}_` : base, args };
}
/** Parameters that torch.nn.functional resolves before an operator is called, and where results go. */
const FUNCTIONAL_ONLY = new Set(['inplace', 'return_indices', '_stacklevel', 'out']);
