// Comparison of results with expected JSON values: PyTorch's tolerances for numbers, everything else exactly.
import type { PyComplex } from '../python/values.ts';
import { contiguousStride, elements, type Values } from './array.ts';
import { type Library, SPARSE_PARTS, type Tensor } from './library.ts';
import { floatOf, isTensorNode, type Json, type JsonObject, type TensorFile } from './values.ts';

export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}
export const EXACT: Tolerance = { rtol: 0, atol: 0 };

const DEFAULTS: Readonly<Record<string, Tolerance>> = {
  float16: { rtol: 1e-3, atol: 1e-5 },
  bfloat16: { rtol: 1.6e-2, atol: 1e-5 },
  float32: { rtol: 1.3e-6, atol: 1e-5 },
  float64: { rtol: 1e-7, atol: 1e-7 },
  complex32: { rtol: 1e-3, atol: 1e-5 },
  complex64: { rtol: 1.3e-6, atol: 1e-5 },
  complex128: { rtol: 1e-7, atol: 1e-7 },
};

/** An operator's widened tolerances by dtype. */
export type Overrides = Readonly<Record<string, { readonly atol: number; readonly rtol?: number }>>;

/** The tolerance of a result's dtype in a case of `caseDtype`: PyTorch's default, or the operator's own if that is wider. */
export function toleranceOf(dtype: string, caseDtype?: string, overrides: Overrides = {}): Tolerance {
  const base = DEFAULTS[dtype];
  if (!base) return EXACT;
  const own = overrides[caseDtype ?? dtype];
  return { rtol: Math.max(base.rtol, own?.rtol ?? 0), atol: Math.max(base.atol, own?.atol ?? 0) };
}

export type ToleranceRule = (dtype: string) => Tolerance;
export const exactly: ToleranceRule = () => EXACT;
export const pytorch: ToleranceRule = (dtype) => toleranceOf(dtype);

/** A result that is not as expected; the message says where. */
export class Mismatch extends Error {
  override name = 'Mismatch';
  constructor(
    message: string,
    readonly maxError: number | null = null,
  ) {
    super(message);
  }
}

/** Compares, and remembers the largest error seen. */
export class Comparison {
  maxError = 0;

  constructor(
    private readonly library: Library,
    private readonly file: TensorFile,
    private readonly rule: ToleranceRule,
    private readonly options: { readonly valuesMatter?: boolean } = {},
  ) {}

  /** Throws a Mismatch if `actual` is not what `expected` says. */
  check(expected: Json, actual: unknown, where = 'out'): void {
    if (isTensorNode(expected)) {
      this.tensor(expected as JsonObject, actual, where);
      return;
    }
    if (expected === null) this.same(actual ?? null, null, where);
    else if (typeof expected === 'number') this.number(expected, actual, where, Number.isInteger(expected));
    else if (typeof expected !== 'object') this.same(actual, expected, where);
    else if (Array.isArray(expected)) this.list(expected, actual, where);
    else this.tagged(expected as unknown as JsonObject, actual, where);
  }

  private tagged(expected: JsonObject, actual: unknown, where: string): void {
    const [kind, value] = Object.entries(expected)[0]!;
    switch (kind) {
      case 'float':
        this.number(floatOf(String(value)), actual, where, false);
        return;
      case 'int':
        this.same(typeof actual === 'number' ? BigInt(actual) : actual, BigInt(String(value)), where);
        return;
      case 'complex':
        this.complex(value as readonly Json[], actual, where);
        return;
      case 'tuple':
        this.list(value as readonly Json[], actual, where, expected.fields as readonly string[] | undefined);
        return;
      case 'size':
        this.list(value as readonly Json[], actual, where);
        return;
      case 'dict':
        this.mapping(value as readonly (readonly [Json, Json])[], actual, where);
        return;
      case 'dtype':
      case 'layout':
      case 'memory_format':
        this.same(String(actual), `torch.${String(value)}`, where);
        return;
      case 'device':
        this.same(String(actual), value, where);
        return;
      case 'packed_sequence':
        for (const [name, part] of Object.entries(value as JsonObject))
          this.check(part, (actual as Record<string, unknown>)[name], `${where}.${name}`);
        return;
      default:
        throw new Mismatch(`${where}: the runner cannot compare a ${kind}`);
    }
  }

  private same(actual: unknown, expected: unknown, where: string): void {
    if (actual !== expected) throw new Mismatch(`${where}: expected ${show(expected)}, got ${show(actual)}`);
  }

  private number(expected: number, actual: unknown, where: string, whole: boolean): void {
    const value =
      typeof actual === 'bigint' ? Number(actual) : actual instanceof Object && 'value' in actual ? Number(actual.value) : actual;
    if (typeof value !== 'number') throw new Mismatch(`${where}: expected ${expected}, got ${show(actual)}`);
    if (!close(value, expected, whole ? EXACT : this.rule('float64')))
      throw new Mismatch(`${where}: expected ${expected}, got ${value}`, Math.abs(value - expected));
  }

  private complex([re, im]: readonly Json[], actual: unknown, where: string): void {
    const { re: x, im: y } = (actual ?? {}) as PyComplex;
    this.check(re!, x, `${where}.real`);
    this.check(im!, y, `${where}.imag`);
  }

  private list(expected: readonly Json[], actual: unknown, where: string, fields?: readonly string[]): void {
    if (!Array.isArray(actual)) throw new Mismatch(`${where}: expected ${expected.length} values, got ${show(actual)}`);
    if (actual.length !== expected.length) throw new Mismatch(`${where}: expected ${expected.length} values, got ${actual.length}`);
    expected.forEach((item, i) => {
      this.check(item, actual[i], `${where}[${i}]`);
    });
    for (const [i, field] of (fields ?? []).entries()) {
      if ((actual as unknown as Record<string, unknown>)[field] !== actual[i])
        throw new Mismatch(`${where}: the result has no field ${field}`);
    }
  }

  private mapping(pairs: readonly (readonly [Json, Json])[], actual: unknown, where: string): void {
    if (typeof actual !== 'object' || actual === null) throw new Mismatch(`${where}: expected a dict, got ${show(actual)}`);
    const found = new Map(this.library.entries(actual).map(([key, value]) => [String(key), value]));
    const keys = pairs.map(([key]) => String(key));
    const extra = [...found.keys()].filter((key) => !keys.includes(key));
    if (extra.length > 0) throw new Mismatch(`${where}: unexpected keys ${extra.join(', ')}`);
    for (const [key, value] of pairs) {
      if (!found.has(String(key))) throw new Mismatch(`${where}: the key ${String(key)} is missing`);
      this.check(value, found.get(String(key)), `${where}.${String(key)}`);
    }
  }

  private tensor(expected: JsonObject, actual: unknown, where: string): void {
    if (!this.library.isTensor(actual)) throw new Mismatch(`${where}: expected a tensor, got ${show(actual)}`);
    if ('sparse' in expected) this.sparse(expected, actual, where);
    else this.values(this.file.values(expected), this.library.values(actual), where);
  }

  private sparse(expected: JsonObject, actual: Tensor, where: string): void {
    this.same(String((actual as unknown as { layout: unknown }).layout), `torch.${String(expected.sparse)}`, `${where}.layout`);
    this.list(expected.size as readonly Json[], [...actual.shape], `${where}.shape`);
    const parts = expected.parts as readonly JsonObject[];
    for (const [i, name] of (SPARSE_PARTS[String(expected.sparse)] ?? []).entries())
      this.tensor(parts[i]!, this.library.method(actual, name), `${where}.${name}`);
  }

  /** Compares dtype, shape and numbers. */
  values(expected: Values, actual: Values, where: string): void {
    if (actual.dtype !== expected.dtype) throw new Mismatch(`${where}: expected dtype ${expected.dtype}, got ${actual.dtype}`);
    if (actual.shape.join() !== expected.shape.join())
      throw new Mismatch(`${where}: expected shape [${expected.shape.join(', ')}], got [${actual.shape.join(', ')}]`);
    if (this.options.valuesMatter === false) return;
    const { worst, at } = largestExcess(expected, actual, this.rule(expected.dtype), (error) => {
      this.maxError = Math.max(this.maxError, error);
    });
    if (at < 0) return;
    throw new Mismatch(`${where}${position(at, expected.shape)}: expected ${element(expected, at)}, got ${element(actual, at)}`, worst);
  }
}

/** The element that exceeds the tolerance most; `at` is -1 if none does. */
function largestExcess(
  expected: Values,
  actual: Values,
  tolerance: Tolerance,
  see: (error: number) => void,
): { worst: number; at: number } {
  let worst = 0;
  let at = -1;
  const n = elements(expected.shape);
  for (let i = 0; i < n; i++) {
    const { error, right } = compareElement(expected, actual, i, tolerance);
    if (Number.isFinite(error)) see(error);
    if (right || (at >= 0 && error <= worst)) continue;
    worst = Number.isFinite(error) ? error : worst;
    at = i;
  }
  return { worst, at };
}

function compareElement(expected: Values, actual: Values, i: number, tolerance: Tolerance): { error: number; right: boolean } {
  const [x, y] = [actual.real[i]!, expected.real[i]!];
  if (typeof x === 'bigint' || typeof y === 'bigint') return { error: Math.abs(Number(x) - Number(y)), right: x === y };
  if (!expected.imag || !actual.imag) return { error: x === y ? 0 : Math.abs(x - y), right: close(x, y, tolerance) };
  const [u, v] = [actual.imag[i]!, expected.imag[i]!];
  if (x === y && u === v) return { error: 0, right: true };
  const nan = (a: number, b: number): boolean => Number.isNaN(a) || Number.isNaN(b);
  if (nan(x, u) || nan(y, v)) return { error: Number.NaN, right: nan(x, u) && nan(y, v) };
  const error = Math.hypot(x - y, u - v);
  return { error, right: Number.isFinite(error) && error <= tolerance.atol + tolerance.rtol * Math.hypot(y, v) };
}

/** torch.isclose with equal_nan. */
export function close(actual: number, expected: number, { rtol, atol }: Tolerance): boolean {
  if (actual === expected || (Number.isNaN(actual) && Number.isNaN(expected))) return true;
  const error = Math.abs(actual - expected);
  return Number.isFinite(error) && error <= atol + rtol * Math.abs(expected);
}

/** Checks what a result node says of its memory: strides, and which input it is or shares storage with. */
export function checkLayout(library: Library, expected: JsonObject, actual: Tensor, inputs: readonly Tensor[], where: string): void {
  if ('sparse' in expected) return;
  const { shape } = actual;
  const wanted = (expected.stride as readonly number[] | undefined) ?? contiguousStride(shape);
  const { stride, offset } = actual.layout;
  const differs = !shape.includes(0) && shape.some((s, d) => s > 1 && stride[d] !== wanted[d]);
  if (differs) throw new Mismatch(`${where}: expected strides [${wanted.join(', ')}], got [${stride.join(', ')}]`);
  if (Boolean(expected.requires_grad) !== actual.requires_grad)
    throw new Mismatch(`${where}: expected requires_grad ${Boolean(expected.requires_grad)}`);
  if (expected.same !== undefined) {
    if (inputs[Number(expected.same)] !== actual) throw new Mismatch(`${where}: expected input ${String(expected.same)} itself`);
  } else if (expected.alias !== undefined) {
    if (!library.sharesStorage(inputs[Number(expected.alias)]!, actual))
      throw new Mismatch(`${where}: expected a view of input ${String(expected.alias)}`);
    if (offset !== expected.offset) throw new Mismatch(`${where}: expected storage offset ${String(expected.offset)}, got ${offset}`);
  } else {
    const shared = inputs.findIndex((input) => library.sharesStorage(input, actual));
    if (shared >= 0) throw new Mismatch(`${where}: shares memory with input ${shared}`);
  }
}

function element(values: Values, i: number): string {
  return values.imag ? `${values.real[i]} + ${values.imag[i]}j` : String(values.real[i]);
}
function position(flat: number, shape: readonly number[]): string {
  const stride = contiguousStride(shape);
  return shape.length ? ` at [${shape.map((s, d) => Math.floor(flat / stride[d]!) % s).join(', ')}]` : '';
}
/** A short text of any value. */
export function show(x: unknown): string {
  try {
    const text = typeof x === 'string' ? JSON.stringify(x) : String(x);
    return text.length > 80 ? `${text.slice(0, 77)}...` : text;
  } catch {
    return `a ${typeof x}`;
  }
}
