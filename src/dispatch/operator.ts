// Declarations and the registry: one `op(schema, { … })` is everything about an operator.
import type { Category, DType } from '../core/dtype.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { contiguous_format } from '../core/formats.ts';
import type { Layout } from '../core/layout.ts';
import { sameShape, type Shape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Program } from '../pointwise/compile.ts';
import { type Expr, Graph } from '../pointwise/expr.ts';
import { type Args, type FormulaArgs, type Known, type Param, parseSchema, type Role, type Saved, type Schema } from './schema.ts';

export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Row-major if absent. */
  readonly stride?: Shape;
}
export interface Geometry {
  readonly shape: Shape;
  readonly stride: Shape;
  readonly offset: number;
  readonly dtype?: DType;
  readonly conj?: boolean;
  readonly neg?: boolean;
}
type Grad = Tensor | null | readonly (Tensor | null)[];
/** What `uses(...)` and `joint(...)` make: the names of what is saved, and the rule. */
export interface Rule<A = unknown> {
  readonly names: readonly string[];
  readonly fn: (g: never, saved: never, needs: never) => unknown;
  /** Carries the type only. */
  readonly of?: (a: A) => void;
}
export interface Joint<S extends string = string> {
  readonly joint: Rule<Known<S>>;
}
export type BatchRule<S extends string> = (
  /** Re-dispatches one level down with some arguments changed. */
  run: (changes: Partial<Args<S>>) => unknown,
  /** Batched tensors come with the batch first. */
  args: Args<S>,
  batched: { readonly [P in keyof Args<S>]: boolean },
  size: number,
) => unknown;

/** Where a public operator appears. Without it: `torch.name`, and a method if there is a parameter `self`. `inplace`: only the in-place method. */
export type Surface = 'function' | 'method' | 'nn.functional' | 'inplace' | 'masked';

export interface OpDecl<S extends string = string> {
  /** One sentence for the generated documentation. */
  doc?: string;
  // Exactly one definition: pointwise | decompose | view | meta + kernel | produce. A kernel beside decompose is an acceleration.
  /** A formula of the tensor and scalar arguments; other arguments are plain values. */
  pointwise?: (...args: FormulaArgs<S, Expr>) => Expr | readonly Expr[];
  /** The operator in terms of others; returns all results, hidden ones too. */
  decompose?: (args: Args<S>) => unknown;
  /** The geometry of a view of `self`. */
  view?: (args: Args<S>) => Geometry;
  /** Shapes and dtypes of the results; checks the arguments. */
  meta?: (args: Args<S>) => Spec | readonly Spec[];
  /** The reference kernel; backends accelerate it under the operator's name. Inputs have no pending conjugation. */
  kernel?: (args: Args<S>, ...out: Tensor[]) => void;
  /** A kernel that makes its results itself: their shape depends on data, or they are lists. */
  produce?: (args: Args<S>) => unknown;
  /** One rule per tensor input, or joint(…); 'none': the results are not differentiable. */
  grad?: { [P in keyof Args<S>]?: Rule<Known<S>> } | Joint<S> | 'none';
  /** Results that are not differentiable though their dtype is. */
  constants?: readonly string[];
  /** Of a view that covers its base: the cheaper scatter. */
  inverse?: (src: Tensor, args: Args<S>) => Tensor;
  /** Of a view that does not act on a dense copy of its base as on the base itself: the scatter's kernel and gradient of self. */
  scatter?: { readonly produce: (args: Args<S> & { readonly src: Tensor }) => Tensor; readonly grad: (g: Tensor, args: Args<S>) => Tensor };
  /** Jointly linear in its tensors: forward mode applies the operator to the tangents. */
  linear?: boolean;
  /** Takes sparse tensors itself. What other operators do with them is in src/ops/sparse*.ts. */
  sparse?: boolean;
  batch?: 'leading' | BatchRule<S>;
  roles?: { [P in keyof Args<S>]?: Role };
  /** The result dtype of a formula. default: the promoted one; real: its real counterpart; float_real: that of int_to_float. */
  promote?: 'default' | 'int_to_float' | 'bool' | 'self' | 'real' | 'float_real' | ((args: Args<S>) => DType);
  /** Parameters of a formula that do not take part in promotion: each is read in its own dtype. */
  own?: readonly (keyof Args<S>)[];
  /** Of a formula: where its derivative looks at an input in conditions only, that input has no second gradient, rather than a zero one. */
  decides?: boolean;
  /** Argument checks of a formula: throws PyTorch's error. */
  check?: (args: Args<S>) => void;
  /** The same, where the answer follows from dtypes alone: it is not asked again for floating tensors of one dtype. */
  checkTypes?: (args: Args<S>) => void;
  /** Tensor parameters that also take a number. Of a formula, if absent: all. */
  numbers?: readonly (keyof Args<S>)[];
  /** Dtype categories, or dtypes, in which a formula does not compute. */
  rejects?: readonly (Category | DType)[];
  autocast?: 'lower' | 'float32' | 'widest';
  /** Tensor parameters that need integers: a literal of whole numbers converts exactly. */
  integers?: readonly string[];
  /** Draws random numbers, itself or in its parts. */
  random?: boolean;
  surface?: readonly Surface[];
  /** A leading list of tensors may be spelled out as arguments. */
  variadic?: boolean;
  /** Other public names. */
  aliases?: readonly string[];
  /** The TypeScript type of the single result, where it is not a tensor. */
  returns?: string;
  /** out= converts to its dtype, as formulas do unless this is false. */
  castsOut?: boolean;
  /** out= must have the result's dtype; the error's words where it has not. */
  outMismatch?: (expected: DType, given: DType) => string;
  /** out= may not share memory with an input. */
  disjointOut?: boolean;
  /** The tensors of out= may not share memory with each other. */
  distinctOuts?: boolean;
  /** PyTorch's name of the backward node, where it is not NameBackward0. */
  gradName?: string;
  /** No in-place variant. */
  inplace?: boolean;
  /** The name that messages of this operator use (PyTorch's kernel names: `add_stub`, …). */
  kernelName?: string;
}

/** The formula of an operator for one set of plain arguments. */
export interface Formula {
  readonly graph: Graph;
  readonly exprs: readonly Expr[];
  /** Compiled programs by the types of the inputs. */
  readonly programs: Map<number | string, Program>;
  /** Programs of operands that need no conversion, by the dtype's code. */
  readonly uniform: (Program | undefined)[];
  /** Derivatives, as operators of their own. */
  readonly derived: Map<string, unknown>;
  readonly key: string;
}

export class Op {
  /** mul → mul_ */
  inplace: Op | null = null;
  /** mul_ → mul */
  functional: Op | null = null;
  /** select → select_scatter */
  scatter: Op | null = null;
  readonly name: string;
  readonly params: readonly Param[];
  readonly results: readonly string[];
  readonly visible: number;
  /** Positions of tensor and tensor-list parameters. */
  readonly tensors: readonly number[];
  /** Parameters that are inputs of the formula: tensors and scalars. */
  readonly formulaInputs: readonly number[];
  private readonly plain: readonly number[];
  readonly isView: boolean;
  readonly isPointwise: boolean;
  /** Has a kernel, formula or view: kernel-level interceptors see it. */
  readonly isPrimitive: boolean;
  readonly Named: new (
    args: readonly unknown[],
  ) => object;
  /** Gradient rules by the bit set of the inputs that need one. */
  readonly rules: unknown[] = [];
  private readonly formulas = new Map<string, Formula>();
  private usualFormula: Formula | null = null;
  private onlyFormula: Formula | null = null;
  /** Numbers that a formula reads and that have a default. Where all are left at it, it is a constant of the formula: `alpha = 1` costs nothing. */
  private readonly settings: readonly number[];
  /** Whether each parameter is read in its own dtype by the formula. */
  readonly ownTyped: readonly boolean[];
  /** The result has the dtype of floating operands. */
  readonly promotesPlainly: boolean;
  readonly mutates: readonly number[];
  /** Position of the parameter that names the result's device, or −1. */
  readonly devicePosition: number;
  /** Whether each parameter is a tensor that may also be given as a number. */
  readonly takesNumber: readonly boolean[];
  /** A backend's faster kernel; false: not for these arguments. */
  accelerated: ((args: never, ...out: Tensor[]) => boolean) | null = null;
  constructor(
    readonly schema: Schema,
    readonly decl: OpDecl,
  ) {
    this.name = schema.name;
    this.params = schema.params;
    this.results = schema.results;
    this.visible = schema.visible;
    const where = (f: (p: Param) => boolean): number[] => this.params.flatMap((p, i) => (f(p) ? [i] : []));
    this.tensors = where((p) => p.tensor);
    this.mutates = where((p) => p.mutated);
    this.devicePosition = this.params.findIndex((p) => p.base === 'Device');
    this.formulaInputs = where((p) => !p.list && (p.tensor || p.base === 'Scalar'));
    this.plain = where((p) => p.list || (!p.tensor && p.base !== 'Scalar') || p.optional);
    this.settings = where((p) => p.base === 'Scalar' && !p.list && !p.optional && typeof p.default === 'number');
    this.isView = decl.view !== undefined;
    this.isPointwise = decl.pointwise !== undefined;
    this.isPrimitive = !decl.decompose || decl.kernel !== undefined;
    this.Named = namedClass(this.params);
    const own = new Set(decl.own as readonly string[] | undefined);
    this.ownTyped = this.params.map((p) => own.has(p.name));
    const plainPromotion = decl.promote === undefined || decl.promote === 'default' || decl.promote === 'int_to_float';
    this.promotesPlainly = plainPromotion && !this.params.some((p) => p.tensor && own.has(p.name));
    const numbers = decl.numbers as readonly string[] | undefined;
    this.takesNumber = this.params.map((p) => p.tensor && !p.list && (numbers ? numbers.includes(p.name) : this.isPointwise));
  }
  /** add.Tensor → add */
  get baseName(): string {
    const dot = this.name.indexOf('.');
    return dot < 0 ? this.name : this.name.slice(0, dot);
  }
  formula(args: readonly unknown[]): Formula {
    const usual = this.isUsual(args);
    if (usual && this.usualFormula !== null) return this.usualFormula;
    if (!usual && this.onlyFormula !== null) return this.onlyFormula;
    let key = usual ? 'usual,' : '';
    for (const i of this.plain) {
      const a = args[i];
      const isInput = this.formulaInputs.includes(i);
      key += isInput ? (a === null ? '-,' : '+,') : `${typeof a === 'number' ? a : JSON.stringify(a)},`;
    }
    let f = this.formulas.get(key);
    if (!f) {
      f = this.makeFormula(args, key, usual);
      this.formulas.set(key, f);
      if (this.plain.length === 0) {
        if (usual) this.usualFormula = f;
        else this.onlyFormula = f;
      }
    }
    return f;
  }
  private isUsual(args: readonly unknown[]): boolean {
    for (let k = 0; k < this.settings.length; k++) {
      const i = this.settings[k]!;
      if (args[i] !== this.params[i]!.default) return false;
    }
    return this.settings.length > 0;
  }
  private makeFormula(args: readonly unknown[], key: string, usual: boolean): Formula {
    const graph = new Graph();
    const operand = (i: number): unknown => {
      if (!this.formulaInputs.includes(i)) return args[i];
      if (args[i] === null) return null;
      return usual && this.settings.includes(i) ? graph.constant(args[i] as number) : graph.input(i);
    };
    const result = (this.decl.pointwise as (...a: unknown[]) => Expr | readonly Expr[])(...this.params.map((_, i) => operand(i)));
    const list = (Array.isArray(result) ? result : [result]) as Expr[];
    const exprs = graph.adopt(list, (i) => graph.input(i));
    return { graph, exprs, programs: new Map(), uniform: [], derived: new Map(), key };
  }
}

/** Arguments by name without copying: getters over the positional array, on a prototype made once per operator. */
export function named(o: Op, args: readonly unknown[]): never {
  return new o.Named(args) as never;
}
function namedClass(params: readonly Param[]): new (args: readonly unknown[]) => object {
  // No class field: defining one costs more than the rest of a small call, since all these classes share one initialiser.
  class Named {
    declare readonly $: readonly unknown[];
    constructor(args: readonly unknown[]) {
      (this as { $: readonly unknown[] }).$ = args;
    }
  }
  params.forEach((p, i) => {
    Object.defineProperty(Named.prototype, p.name, {
      get(this: Named) {
        return this.$[i];
      },
      enumerable: true,
    });
  });
  return Named;
}

export const registry = new Map<string, Op>();
const listeners: ((o: Op) => void)[] = [];
/** Tells of every operator that is declared from now on (a user's `op` after the surface is installed). */
export const onDeclare = (f: (o: Op) => void): void => void listeners.push(f);

function register(o: Op): Op {
  if (registry.has(o.name)) throw new Error(`operator ${o.name} is declared twice`);
  registry.set(o.name, o);
  for (const f of listeners) f(o);
  return o;
}

/** Declares an operator; its in-place variant and a view's scatter and copy partners come with it. */
export function op<const S extends string>(schema: S, decl: OpDecl<S>): Op {
  const parsed = parseSchema(schema);
  const d = decl as unknown as OpDecl;
  const roles = d.roles as Record<string, Role> | undefined;
  for (const p of parsed.params) p.role = roles?.[p.name] ?? p.role;
  const o = new Op(parsed, d);
  const definitions = [d.pointwise, d.decompose, d.view, d.produce, d.decompose ? undefined : d.kernel].filter((x) => x !== undefined);
  if (definitions.length !== 1) throw new Error(`${parsed.name}: exactly one definition is needed, got ${definitions.length}`);
  register(o);
  const [base, overload] = splitName(parsed.name);
  const changeable = parsed.params[0]?.name === 'self' && !parsed.params[0].list && parsed.results.length === 1 && !parsed.listResult;
  if (changeable && !d.view && d.inplace !== false && !d.produce) {
    const i = new Op({ ...parsed, name: `${base}_${overload}`, visible: 1 }, d);
    i.functional = o;
    o.inplace = i;
    register(i);
  }
  if (d.view && d.grad !== 'none') {
    o.scatter = register(new Op(scatterSchema(o), scatterDecl(o)));
  }
  if (d.view) register(new Op({ ...parsed, name: `${base}_copy${overload}` }, copyDecl(o)));
  return o;
}
const splitName = (name: string): [string, string] => {
  const dot = name.indexOf('.');
  return dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot)];
};
/** Scatters that are public; the others serve gradients only. */
const PUBLIC_SCATTERS = new Set(['select', 'slice', 'diagonal', 'as_strided']);
/** A view's other partner: the same elements in memory of their own. */
const copyDecl = (view: Op): OpDecl => ({
  doc: `As ${view.baseName}, but a copy instead of a view.`,
  decompose: (args) =>
    scatterParts.call(registry.get('clone')!, [
      scatterParts.call(
        view,
        view.params.map((p) => (args as Record<string, unknown>)[p.name]),
      ),
      contiguous_format,
    ]),
  surface: ['function'],
});
function scatterSchema(view: Op): Schema {
  const [base, overload] = splitName(view.name);
  const src: Param = { ...parseSchema('x(Tensor src) -> Tensor').params[0]! };
  return {
    name: `${base}_scatter${overload}`,
    params: [view.params[0]!, src, ...view.params.slice(1)],
    results: ['result'],
    listResult: false,
    visible: 1,
  };
}
/** Filled by execution and operators: what the derived scatter needs from later rooms. */
export const scatterParts: {
  copyInto: (dst: Tensor, src: Tensor) => void;
  viewOf: (view: Op, args: readonly unknown[]) => Tensor;
  zeros: (like: { shape: Shape; dtype: DType; device: Layout['device'] }) => Tensor;
  call: (o: Op, args: unknown[]) => unknown;
} = { copyInto: missing, viewOf: missing, zeros: missing, call: missing };
function missing(): never {
  throw new Error('not installed');
}
/** A view's partner: the base with the viewed part replaced. Everything about it follows from the view. */
function scatterDecl(view: Op): OpDecl {
  const viewArgs = (a: Record<string, unknown>, self: unknown): unknown[] => [self, ...view.params.slice(1).map((p) => a[p.name])];
  type Row = Record<string, unknown> & { self: Tensor; src: Tensor };
  return {
    doc: `self with the part that ${view.baseName} shows replaced by src.`,
    ...(view.decl.scatter
      ? { produce: view.decl.scatter.produce as OpDecl['produce'] }
      : {
          meta: (args) => {
            const { self } = args as unknown as Row;
            const { shape, stride } = self.layout;
            const overlaps = shape.some((s, i) => s > 1 && stride[i] === 0);
            return { shape, dtype: self.dtype, ...(!overlaps && { stride }) };
          },
          kernel: (args, out) => {
            const a = args as unknown as Row;
            const part = scatterParts.viewOf(view, viewArgs(a, out));
            if (!sameShape(part.layout.shape, a.src.layout.shape)) {
              throw new RuntimeError(
                `expected src to have a size equal to the slice of self. src size = [${a.src.layout.shape.join(', ')}], slice size = [${part.layout.shape.join(', ')}]`,
              );
            }
            scatterParts.copyInto(out!, a.self);
            scatterParts.copyInto(part, a.src);
          },
        }),
    surface: PUBLIC_SCATTERS.has(view.baseName) ? ['function', 'method'] : [],
    linear: true,
    inplace: false,
    grad: {
      self: uses((g: Tensor, args: unknown) => {
        const a = args as Row;
        if (view.decl.scatter) return view.decl.scatter.grad(g, a as never);
        return scatterParts.call(view.scatter!, [g, scatterParts.zeros(a.src), ...viewArgs(a, null).slice(1)]) as Tensor;
      }),
      src: uses((g: Tensor, args: unknown) => scatterParts.call(view, viewArgs(args as Row, g)) as Tensor),
    } as OpDecl['grad'],
  };
}

/** A gradient rule for one input. The names are the exclusive list of tensors whose data is saved. */
export function uses<A, const K extends readonly (keyof A)[] = readonly (keyof A)[]>(
  ...a: [...K, (g: Tensor, saved: Saved<A, K[number]>, needs: readonly boolean[]) => Grad]
): Rule<A> {
  return { names: a.slice(0, -1) as unknown as string[], fn: a[a.length - 1] as unknown as Rule['fn'] };
}
/**
 * One gradient rule for all inputs, where they share work: gradients by result in, gradients by input out.
 * Results that nothing depends on have a gradient of zeros; `given` tells where it is more than that.
 */
export function joint<S extends string, const K extends readonly (keyof Known<S>)[] = readonly (keyof Known<S>)[]>(
  ...a: [
    ...K,
    (
      g: readonly Tensor[],
      saved: Saved<Known<S>, K[number]>,
      needs: Readonly<Record<string, boolean>>,
      given: readonly boolean[],
    ) => Record<string, Grad>,
  ]
): Joint<S> {
  return { joint: { names: a.slice(0, -1) as unknown as string[], fn: a[a.length - 1] as unknown as Rule['fn'] } };
}

/** A handle to an operator that may be declared later: rules of earlier rooms call through it. */
export function lookup(name: string): (...args: never[]) => never {
  let found: Op | null = null;
  return ((...args: unknown[]) => {
    if (found === null) {
      const o = registry.get(name);
      if (!o) throw new NotImplementedError(`operator ${name} is not declared`);
      found = o;
    }
    const { params } = found;
    for (let i = args.length; i < params.length; i++) args.push(params[i]!.default);
    return scatterParts.call(found, args);
  }) as unknown as (...args: never[]) => never;
}
/** Handles by operators' names (with $ for a dot), each made when it is first read: a list of them all was 8 kB of a compressed page. */
export const handles: object = Object.create(
  new Proxy(
    {},
    {
      get(_, name, self: object) {
        if (typeof name !== 'string') return undefined;
        const value = lookup(name.replace('$', '.'));
        Object.defineProperty(self, name, { value });
        return value;
      },
    },
  ),
);
