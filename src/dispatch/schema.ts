// Schemas: PyTorch's syntax, read twice: by the type system for the rules' argument types, at run time for everything else.
import type { Device } from '../core/device.ts';
import type { DType } from '../core/dtype.ts';
import type { TensorMeta } from '../core/layout.ts';
import type { Scalar } from '../core/scalar.ts';
import type { Tensor } from '../core/tensor.ts';

// ---- types from the schema string ---------------------------------------------------------------------------------
type Trim<S extends string> = S extends ` ${infer R}` ? Trim<R> : S extends `${infer R} ` ? Trim<R> : S;
interface TypeOf {
  Tensor: Tensor;
  int: number;
  SymInt: number;
  bool: boolean;
  float: number;
  str: string;
  Scalar: Scalar;
  ScalarType: DType;
  Device: Device;
  Layout: string;
  MemoryFormat: string;
  Generator: object;
}
type Ty<T extends string> = T extends `${infer B}?`
  ? Ty<B> | null
  : T extends `${infer B}[${string}]`
    ? readonly Ty<B>[]
    : T extends `${infer B}(${string})`
      ? Ty<B>
      : T extends keyof TypeOf
        ? TypeOf[T]
        : unknown;
type ParamOf<S extends string> =
  Trim<S> extends `${infer T} ${infer N}=${string}`
    ? { name: Trim<N>; text: T; type: Ty<T>; optional: true }
    : Trim<S> extends `${infer T} ${infer N}`
      ? { name: Trim<N>; text: T; type: Ty<T>; optional: false }
      : never;
type Split<S extends string> = S extends `${infer A},${infer R}`
  ? Trim<A> extends '*'
    ? Split<R>
    : [ParamOf<A>, ...Split<R>]
  : Trim<S> extends ''
    ? []
    : [ParamOf<S>];
type Params<S extends string> = S extends `${string}(${infer A}) -> ${string}` ? Split<A> : never;
type ResultList<S extends string> = S extends `${string}) -> (${infer R})` ? R : S extends `${string}) -> ${infer R}` ? R : never;
type ResultNames<S extends string> = NamesIn<ResultList<S>>;
type NamesIn<R extends string> = R extends `${infer A},${infer B}` ? NameOf<Trim<A>> | NamesIn<B> : NameOf<Trim<R>>;
type NameOf<R extends string> = R extends `hidden ${infer X}` ? NameOf<X> : R extends `${string} ${infer N}` ? N : 'result';

type Named<P> = P extends [{ name: infer N extends string; type: infer T }, ...infer R] ? { readonly [K in N]: T } & Named<R> : unknown;
/** The arguments of a schema, by name. */
export type Args<S extends string> = string extends S ? Readonly<Record<string, never>> : Named<Params<S>>;
/** Arguments and results by name: what gradient rules may save. */
export type Known<S extends string> = Args<S> & { readonly [N in ResultNames<S>]: Tensor };
type SomeTensor = Tensor | null | readonly Tensor[] | readonly (Tensor | null)[];
/** In a gradient rule what was named in `uses` is a tensor, every other tensor its metadata; plain arguments are always there. */
export type Saved<A, K> = {
  readonly [P in keyof A]: A[P] extends SomeTensor
    ? P extends K
      ? A[P]
      : A[P] extends readonly unknown[]
        ? readonly TensorMeta[]
        : TensorMeta | Extract<A[P], null>
    : A[P];
};
/** Positional argument types of a formula: tensors and scalars become expressions. */
export type FormulaArgs<S extends string, E> = Formula<Params<S>, E>;
type Formula<P, E> = P extends [{ text: infer S; type: infer T }, ...infer R]
  ? [S extends 'Tensor' | 'Scalar' ? E : S extends 'Tensor?' | 'Scalar?' ? E | null : T, ...Formula<R, E>]
  : [];

// ---- the parsed form ----------------------------------------------------------------------------------------------
/** How an argument behaves under batching. */
export type Role = 'dim' | 'insert' | 'dims' | 'size' | 'none';

export interface Param {
  readonly name: string;
  /** The base type, without list, alias and optional marks: Tensor, int, Scalar, … */
  readonly base: string;
  readonly tensor: boolean;
  readonly list: boolean;
  /** N of int[N]: a single number stands for N of them. */
  readonly fixed: number | null;
  readonly optional: boolean;
  /** Tensor?[]: entries may be null. */
  readonly holes: boolean;
  readonly hasDefault: boolean;
  readonly default: unknown;
  readonly keywordOnly: boolean;
  /** Written by the operator: Tensor(a!). */
  readonly mutated: boolean;
  role: Role;
}
export interface Schema {
  /** With overload: `add.Tensor`. */
  readonly name: string;
  readonly params: readonly Param[];
  readonly results: readonly string[];
  /** Results are a list of unknown length (Tensor[]). */
  readonly listResult: boolean;
  /** How many results the caller sees. */
  readonly visible: number;
}

/** Splits at commas outside brackets. */
function splitList(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '[' || c === '(') depth++;
    else if (c === ']' || c === ')') depth--;
    else if (c === ',' && depth === 0) {
      parts.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  const last = text.slice(from).trim();
  if (last) parts.push(last);
  return parts;
}

function parseDefault(text: string): unknown {
  if (text === 'None') return null;
  if (text === 'True') return true;
  if (text === 'False') return false;
  if (/^[-+\d.]/.test(text)) return Number(text);
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  if (text.startsWith('[')) return JSON.parse(text);
  return text.replace(/^["']|["']$/g, '');
}

function parseParam(text: string, keywordOnly: boolean): Param {
  const match = /^(\S+(?:\([^)]*\))?\S*) (\w+)(?:=(.*))?$/.exec(text);
  if (!match) throw new Error(`bad parameter in a schema: ${text}`);
  const [, type, name, def] = match as unknown as [string, string, string, string | undefined];
  const list = /\[\d*\]/.test(type);
  const fixedText = /\[(\d+)\]/.exec(type)?.[1];
  const fixed = fixedText === undefined ? null : Number(fixedText);
  const base = type
    .replace(/\(.*?\)/g, '')
    .replace(/\[\d*\]/g, '')
    .replace(/\?/g, '');
  const tensor = base === 'Tensor';
  const hasDefault = def !== undefined;
  let value = hasDefault ? parseDefault(def) : undefined;
  if (list && typeof value === 'number') value = new Array<number>(fixed ?? 1).fill(value);
  const role: Role = tensor ? 'none' : /^dim\d?$/.test(name) ? (list ? 'dims' : 'dim') : name === 'size' ? 'size' : 'none';
  return {
    name,
    base,
    tensor,
    list,
    fixed,
    optional: type.endsWith('?'),
    holes: type.includes('?['),
    hasDefault,
    default: value,
    keywordOnly,
    mutated: type.includes('!'),
    role,
  };
}

export function parseSchema(text: string): Schema {
  const match = /^([\w.]+)\((.*)\) -> (.*)$/s.exec(text);
  if (!match) throw new Error(`bad schema: ${text}`);
  const [, name, paramText, resultText] = match as unknown as [string, string, string, string];
  let keywordOnly = false;
  const params: Param[] = [];
  for (const part of splitList(paramText)) {
    if (part === '*') keywordOnly = true;
    else params.push(parseParam(part, keywordOnly));
  }
  const listResult = /\[\]$/.test(resultText.trim());
  const entries = splitList(resultText.replace(/^\(([\s\S]*)\)$/, '$1'));
  const results = entries.map((r, i) => {
    const words = r.split(' ');
    return words.length > 1 ? words[words.length - 1]! : entries.length > 1 ? `result${i}` : 'result';
  });
  return { name, params, results, listResult, visible: entries.filter((r) => !r.startsWith('hidden ')).length };
}
