// From a public call to an operator: overload resolution, keyword arguments, out=. See docs/architecture.md, "The surface".
import { DType, int64, isDifferentiable } from '../core/dtype.ts';
import { Device, device, placement } from '../core/device.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import { FloatScalar, isScalar, type Scalar, toNumber } from '../core/scalar.ts';
import { isKnown, Tensor } from '../core/tensor.ts';
import { call } from '../dispatch/call.ts';
import { onDeclare, type Op, registry } from '../dispatch/operator.ts';
import type { Param } from '../dispatch/schema.ts';
import { describe, expected, pythonSignature } from './describe.ts';
import { functionHomes, type Home, isMethod, namesOf } from './names.ts';
import { writeOut } from './out.ts';
import { returnType } from './returns.ts';

export type Kwargs = Readonly<Record<string, unknown>>;
export function isKwargs(x: unknown): x is Kwargs {
  if (typeof x !== 'object' || x === null) return false;
  const proto: unknown = Object.getPrototypeOf(x);
  return proto === Object.prototype || proto === null;
}

/** Keyword names that PyTorch takes for a parameter besides its own. */
const KEYWORD_ALIASES: Readonly<Record<string, string>> = {
  input: 'self',
  axis: 'dim',
  keepdims: 'keepdim',
  x: 'self',
  x1: 'self',
  x2: 'other',
  split_size_or_sections: 'split_size',
};
const NO_MATCH = Symbol('no match');

/** Converts an argument for a parameter, or says that it does not fit. */
function accept(p: Param, v: unknown, numberToo: boolean): unknown {
  if (v === null || v === undefined) return p.optional ? null : NO_MATCH;
  if (p.list) return acceptList(p, v);
  switch (p.base) {
    case 'Tensor':
      return v instanceof Tensor || (numberToo && isScalar(v)) ? v : NO_MATCH;
    case 'Scalar':
      if (isScalar(v)) return v;
      return v instanceof Tensor && v.layout.shape.length === 0 && !v._requires_grad && isKnown(v) ? v.item() : NO_MATCH;
    case 'int':
    case 'SymInt':
      return acceptInt(v);
    case 'float':
      return typeof v === 'number'
        ? v
        : v instanceof FloatScalar || typeof v === 'bigint'
          ? toNumber(v as Scalar)
          : typeof v === 'boolean'
            ? Number(v)
            : v instanceof Tensor && v.layout.shape.length === 0 && !v._requires_grad && isKnown(v)
              ? Number(v.item())
              : NO_MATCH;
    case 'bool':
      return typeof v === 'boolean' ? v : NO_MATCH;
    case 'str':
      return typeof v === 'string' ? v : NO_MATCH;
    case 'ScalarType':
      return v instanceof DType ? v : NO_MATCH;
    case 'Device':
      return typeof v === 'string' || v instanceof Device ? placement(device(v)) : NO_MATCH;
    default:
      return v;
  }
}
function acceptInt(v: unknown): unknown {
  if (typeof v === 'number') return Number.isInteger(v) ? v : NO_MATCH;
  if (typeof v === 'bigint') return Number(v);
  if (v instanceof Tensor && v.layout.shape.length === 0 && !v.dtype.is_floating_point && !v.dtype.is_complex) return Number(v.item());
  return NO_MATCH;
}
function acceptList(p: Param, v: unknown): unknown {
  if (!Array.isArray(v)) {
    if (p.fixed === null && p.base !== 'Tensor') return NO_MATCH;
    if (p.base === 'Tensor') return NO_MATCH;
    const one = accept({ ...p, list: false, optional: false }, v, false);
    return one === NO_MATCH ? NO_MATCH : new Array<unknown>(p.fixed ?? 1).fill(one);
  }
  const element: Param = { ...p, list: false, optional: p.holes };
  const out: unknown[] = [];
  for (const x of v) {
    const y = accept(element, x, false);
    if (y === NO_MATCH) return NO_MATCH;
    out.push(y);
  }
  return out;
}
/** Literals of whole numbers stand for integers where integers are needed. */
function wholeNumbers(o: Op, args: unknown[]): void {
  const names = o.decl.integers;
  if (!names) return;
  o.params.forEach((p, i) => {
    const t = args[i];
    if (t instanceof Tensor && t._whole && names.includes(p.name))
      args[i] = call(registry.get('_to_copy')!, withDefaults('_to_copy', [t, int64]));
  });
}
function withDefaults(name: string, args: unknown[]): unknown[] {
  const { params } = registry.get(name)!;
  for (let i = args.length; i < params.length; i++) args.push(params[i]!.default);
  return args;
}

/** Lists that may be spelled out as arguments: x.view(2, 3), torch.zeros(2, 3). */
const SPREADABLE = new Set(['size', 'dims', 'shape', 'repeats', 'sizes', 'dim', 'permutation']);

/** Why the arguments do not fit, for the message. */
interface Failure {
  readonly kind: 'missing' | 'keyword' | 'count' | 'type' | 'duplicate';
  readonly param?: Param;
  readonly position?: number;
  readonly keyword?: string;
  readonly value?: unknown;
}

class Candidate {
  readonly positional: number;
  private readonly names: Map<string, number>;
  readonly defaults: readonly unknown[];
  /** Where factories take requires_grad; -1 if the operator is none. */
  readonly requiresGrad: number;
  constructor(readonly op: Op) {
    this.positional = op.params.filter((p) => !p.keywordOnly).length;
    this.names = new Map(op.params.map((p, i) => [p.name, i]));
    this.defaults = op.params.map((p) => p.default);
    this.requiresGrad = op.params.findIndex((p) => p.name === 'requires_grad');
  }
  bind(args: readonly unknown[], kwargs: Kwargs | null): unknown[] | Failure {
    const { params } = this.op;
    const out = new Array<unknown>(params.length).fill(NO_MATCH);
    const variadic = this.op.decl.variadic === true;
    const lastFixed = params.findIndex(
      (p) => p.list && !p.keywordOnly && (p.tensor || p.base === 'Any' ? variadic : SPREADABLE.has(p.name)),
    );
    let given = args.length;
    for (let i = 0; i < given; i++) {
      const p = params[i];
      if (!p || i >= this.positional) return { kind: 'count', position: given };
      let v = args[i];
      if (
        i === lastFixed &&
        i <= 1 &&
        !Array.isArray(v) &&
        (typeof v === 'number' || typeof v === 'bigint' || (variadic && v instanceof Tensor)) &&
        (p.fixed === null || given > i + 1) &&
        (i === 0 || variadic || params[0]!.name === 'self')
      ) {
        const rest = args.slice(i);
        if (rest.every((x) => (p.tensor ? x instanceof Tensor : variadic || typeof x === 'number' || typeof x === 'bigint'))) {
          if (p.fixed === null || params.length === i + 1) {
            v = rest;
            given = i + 1;
          }
        }
      }
      const c = accept(p, v, this.op.takesNumber[i]!);
      if (c === NO_MATCH) {
        if (v === undefined && p.hasDefault) continue;
        return { kind: 'type', param: p, position: i + 1, value: v };
      }
      out[i] = c;
    }
    if (kwargs) {
      for (const key of Object.keys(kwargs)) {
        const i = this.names.get(key) ?? this.names.get(KEYWORD_ALIASES[key] ?? '') ?? -1;
        if (i < 0) {
          if (key === 'out') continue;
          return { kind: 'keyword', keyword: key };
        }
        const v = kwargs[key];
        if (out[i] !== NO_MATCH) return { kind: 'duplicate', keyword: key };
        const c = accept(params[i]!, v, this.op.takesNumber[i]!);
        if (c === NO_MATCH) {
          if (v === undefined) continue;
          return { kind: 'type', param: params[i]!, position: i + 1, value: v };
        }
        out[i] = c;
      }
    }
    for (let i = 0; i < out.length; i++) {
      if (out[i] !== NO_MATCH) continue;
      const p = params[i]!;
      if (!p.hasDefault) return { kind: 'missing', param: p };
      out[i] = p.default;
    }
    if (this.onlyNumbers(out))
      return { kind: 'type', param: params[this.op.tensors[0]!]!, position: this.op.tensors[0]! + 1, value: out[this.op.tensors[0]!] };
    return out;
  }
  /** Numbers stand for tensors only beside a tensor. */
  private onlyNumbers(bound: readonly unknown[]): boolean {
    const { tensors } = this.op;
    return tensors.length > 0 && tensors.every((i) => isScalar(bound[i]) || bound[i] === null) && tensors.some((i) => bound[i] !== null);
  }
}

/** A factory's result with requires_grad=True. */
function asLeaf(t: Tensor): void {
  if (!isDifferentiable(t.dtype)) throw new RuntimeError('Only Tensors of floating point and complex dtype can require gradients');
  t._requires_grad = true;
}

/** A public function over its overloads. */
class PublicFunction {
  private candidates: Candidate[];
  constructor(
    readonly name: string,
    ops: readonly Op[],
  ) {
    this.candidates = ops.map((o) => new Candidate(o));
  }
  add(o: Op): void {
    this.candidates.push(new Candidate(o));
  }
  invoke(given: readonly unknown[]): unknown {
    const last = given[given.length - 1];
    const kwargs = given.length > 0 && isKwargs(last) ? last : null;
    const args = kwargs ? given.slice(0, -1) : given;
    let failure: Failure | null = null;
    for (const c of this.candidates) {
      const bound = c.bind(args, kwargs);
      if (Array.isArray(bound)) return this.finish(c, bound, kwargs);
      failure = bound;
    }
    throw new TypeError(this.complaint(args, kwargs, failure!));
  }
  private finish(c: Candidate, bound: unknown[], kwargs: Kwargs | null): unknown {
    const o = c.op;
    wholeNumbers(o, bound);
    const out = kwargs?.out;
    if (out !== undefined && out !== null && !o.params.some((p) => p.name === 'out')) return writeOut(o, bound, out);
    const r = present(o, call(o, bound));
    if (c.requiresGrad >= 0 && bound[c.requiresGrad] === true) asLeaf(r as Tensor);
    return r;
  }
  private complaint(args: readonly unknown[], kwargs: Kwargs | null, f: Failure): string {
    const { name } = this;
    if (this.candidates.length > 1) {
      const got = [...args.map(describe), ...Object.entries(kwargs ?? {}).map(([k, v]) => `${k}=${describe(v)}`)].join(', ');
      const list = this.candidates.map((c) => ` * ${pythonSignature(c.op)}\n`).join('');
      return `${name}() received an invalid combination of arguments - got (${got}), but expected one of:\n${list}`;
    }
    const c = this.candidates[0]!;
    switch (f.kind) {
      case 'missing': {
        const missing = c.op.params.filter((p, i) => !p.hasDefault && i >= args.length && !(kwargs && p.name in kwargs));
        return `${name}() missing ${missing.length} required positional arguments: ${missing.map((p) => `"${publicName(p)}"`).join(', ')}`;
      }
      case 'keyword':
        return `${name}() got an unexpected keyword argument '${f.keyword}'`;
      case 'duplicate':
        return `${name}() got multiple values for argument '${f.keyword}'`;
      case 'count': {
        const n = c.positional;
        return `${name}() takes ${n} positional argument${n === 1 ? '' : 's'} but ${f.position} ${f.position === 1 ? 'was' : 'were'} given`;
      }
      default: {
        const entries = f.param!.list && f.param!.tensor && Array.isArray(f.value) ? f.value : [];
        const wrong = entries.findIndex((x) => !(x instanceof Tensor));
        if (wrong >= 0) return `expected Tensor as element ${wrong} in argument ${f.position! - 1}, but got ${describe(entries[wrong])}`;
        return `${name}(): argument '${publicName(f.param!)}' (position ${f.position}) must be ${expected(f.param!)}, not ${describe(f.value)}`;
      }
    }
  }
}
const publicName = (p: Param): string => (p.name === 'self' ? 'input' : p.name);

/** Multi-results carry their names. */
export function present(o: Op, r: unknown): unknown {
  return o.visible > 1 && Array.isArray(r) ? returnType(o, r) : r;
}

/** A namespace of functions, or the methods. */
type Place = Home | 'method';
const isAt = (o: Op, name: string, place: Place): boolean =>
  place === 'method' ? isMethod(o, name) : functionHomes(o, name).includes(place);

const functions = new Map<string, PublicFunction>();
/** Operators by public name, in the order of declaration; made over again when there are more. */
const named = { operators: 0, byName: new Map<string, Op[]>() };
/** The overloads of a public name, in the order of declaration. */
export function overloads(name: string, place: Place): Op[] {
  if (named.operators !== registry.size) {
    named.operators = registry.size;
    named.byName.clear();
    for (const o of registry.values()) for (const n of namesOf(o)) named.byName.set(n, [...(named.byName.get(n) ?? []), o]);
  }
  return (named.byName.get(name) ?? []).filter((o) => isAt(o, name, place));
}
function publicFunction(name: string, place: Place): PublicFunction {
  const key = `${place}/${name}`;
  let f = functions.get(key);
  if (!f) {
    const ops = overloads(name, place);
    if (ops.length === 0) throw new ValueError(`no operator is called ${name}`);
    f = new PublicFunction(name, ops);
    functions.set(key, f);
  }
  return f;
}
onDeclare((o) => {
  for (const place of ['method', ...functionHomes(o, o.baseName)] as const)
    if (isAt(o, o.baseName, place)) functions.get(`${place}/${o.baseName}`)?.add(o);
});

/** Several overloads as a function, whatever their public names. */
export function operatorFunction(name: string, ops: readonly Op[]): (...args: unknown[]) => unknown {
  const f = new PublicFunction(name, ops);
  return (...args: unknown[]) => f.invoke(args);
}

/** The function `torch.name`, or of another namespace. */
export function torchFunction(name: string, home: Home = 'torch'): (...args: unknown[]) => unknown {
  let f: PublicFunction | null = null;
  return (...args: unknown[]) => {
    f ??= publicFunction(name, home);
    return f.invoke(args);
  };
}

/** The method `x.name(…)`: `this` is the parameter called self, wherever it stands. */
export function tensorMethod(name: string): (this: Tensor, ...args: unknown[]) => unknown {
  const f = publicFunction(name, 'method');
  const ops = overloads(name, 'method');
  const first = ops[0]!;
  const at = first.params.findIndex((p) => p.name === 'self');
  const tail = first.params.slice(2).map((p) => p.default);
  const rest = first.params.slice(1).map((p) => p.default);
  const noArguments = first.params.slice(1).every((p) => p.hasDefault) && at === 0 && !first.decl.integers;
  const oneOperand = at === 0 && first.isPointwise && first.takesNumber[1] === true && first.params.slice(2).every((p) => p.hasDefault);
  return function (this: Tensor, ...args: unknown[]): unknown {
    if (args.length === 0 && noArguments) return present(first, call(first, [this, ...rest]));
    if (args.length === 1 && oneOperand) {
      const a = args[0];
      if (a instanceof Tensor || typeof a === 'number') return present(first, call(first, [this, a, ...tail]));
    }
    if (at > 0) return f.invoke([...args.slice(0, at), this, ...args.slice(at)]);
    return f.invoke([this, ...args]);
  };
}
