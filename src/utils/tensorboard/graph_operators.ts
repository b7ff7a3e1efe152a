// Operators in the words of PyTorch's traces, which record what lies below the functions of torch.nn.functional.
import type { Op } from '../../dispatch/operator.ts';

export interface Argument {
  readonly value: unknown;
  /** The schema's type without its marks: int, float, Scalar, … */
  readonly base: string;
}
export interface AtenCall {
  readonly name: string;
  readonly args: readonly Argument[];
  /** Results that PyTorch's operator has besides, of the shape of the first. */
  readonly hidden: number;
}
interface Translation {
  readonly name?: string;
  readonly args: readonly Argument[];
  readonly hidden?: number;
}
type Named = Readonly<Record<string, Argument>>;
const bool = (value: boolean): Argument => ({ value, base: 'bool' });
/** PyTorch's convolutions all become `_convolution`; the last four are settings of its backends. */
function convolution(a: Named, transposed: boolean, dims: number): Translation {
  const outputPadding = a.output_padding ?? { value: new Array<number>(dims).fill(0), base: 'int' };
  const place = [(a.input ?? a.self)!, a.weight!, a.bias!, a.stride!, a.padding!, a.dilation!];
  const backend = [bool(false), bool(false), bool(true), bool(true)];
  return { name: '_convolution', args: [...place, bool(transposed), outputPadding, a.groups!, ...backend] };
}
const feature = (a: Named): Translation => ({ name: 'feature_dropout', args: [a.input!, a.p!, a.training!] });
const pooled = (a: Named): Translation => ({ args: [(a.input ?? a.self)!, a.output_size!], hidden: 1 });

/** Functions whose operators have other names or parameters. */
const TRANSLATIONS: Readonly<Record<string, (a: Named) => Translation>> = {
  ...Object.fromEntries(
    [1, 2, 3].flatMap((dims) => [
      [`conv${dims}d`, (a: Named) => convolution(a, false, dims)],
      [`conv_transpose${dims}d`, (a: Named) => convolution(a, true, dims)],
      [`dropout${dims}d`, feature],
      [`adaptive_max_pool${dims}d`, pooled],
    ]),
  ),
  'batch_norm.functional': (a) => ({
    args: [a.input!, a.weight!, a.bias!, a.running_mean!, a.running_var!, a.training!, a.momentum!, a.eps!, bool(true)],
  }),
  'dropout.functional': (a) => ({ args: [a.input!, a.p!, a.training!] }),
  'embedding.functional': (a) => ({
    args: [a.weight!, a.input!, { ...a.padding_idx!, value: a.padding_idx!.value ?? -1 }, a.scale_grad_by_freq!, a.sparse!],
  }),
};
/** Parameters that torch.nn.functional resolves before an operator is called, and where results go. */
const FUNCTIONAL_ONLY = new Set(['inplace', 'return_indices', '_stacklevel', 'out']);

/** The call as it would be recorded. */
export function atenCall(op: Op, given: readonly unknown[]): AtenCall {
  const all = op.params.map((p, i): Argument => ({ value: given[i], base: p.base }));
  const named: Named = Object.fromEntries(op.params.map((p, i) => [p.name, all[i]!]));
  const [base = op.name] = op.name.split('.');
  const inPlace = op.name.endsWith('.functional') && named.inplace?.value === true;
  const translate = TRANSLATIONS[op.name] ?? TRANSLATIONS[base];
  const usual: Translation = { args: all.filter((_, i) => !FUNCTIONAL_ONLY.has(op.params[i]!.name)) };
  const { name = base, args, hidden = 0 } = translate ? translate(named) : usual;
  return { name: inPlace ? `${name}_` : name, args, hidden };
}
