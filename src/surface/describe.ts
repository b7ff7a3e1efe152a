// Argument types and signatures in Python's words, for messages.
import { Device } from '../core/device.ts';
import { DType } from '../core/dtype.ts';
import { Complex, FloatScalar } from '../core/scalar.ts';
import { Size } from '../core/size.ts';
import { Tensor } from '../core/tensor.ts';
import type { Op } from '../dispatch/operator.ts';
import type { Param } from '../dispatch/schema.ts';

export function describe(v: unknown): string {
  if (v === null || v === undefined) return 'NoneType';
  if (v instanceof Tensor) return 'Tensor';
  if (typeof v === 'number') return Number.isInteger(v) ? 'int' : 'float';
  if (typeof v === 'bigint') return 'int';
  if (typeof v === 'boolean') return 'bool';
  if (typeof v === 'string') return 'str';
  if (v instanceof FloatScalar) return 'float';
  if (v instanceof Complex) return 'complex';
  if (v instanceof DType) return 'torch.dtype';
  if (v instanceof Device) return 'torch.device';
  if (v instanceof Size) return 'torch.Size';
  if (Array.isArray(v)) return 'list';
  if (typeof v === 'function') return v.name || 'function';
  return Object.getPrototypeOf(v) === Object.prototype ? 'dict' : v.constructor.name;
}
const NAMES: Readonly<Record<string, string>> = {
  Tensor: 'Tensor',
  Scalar: 'Number',
  int: 'int',
  SymInt: 'int',
  float: 'float',
  bool: 'bool',
  str: 'str',
  ScalarType: 'torch.dtype',
  Device: 'torch.device',
  Layout: 'torch.layout',
  MemoryFormat: 'torch.memory_format',
  Generator: 'torch.Generator',
};
export function expected(p: Param): string {
  const base = NAMES[p.base] ?? p.base;
  return p.list ? `tuple of ${base}s` : base;
}
/** (Tensor input, Tensor other, *, Number alpha, Tensor out = None) */
export function pythonSignature(o: Op): string {
  const parts: string[] = [];
  let keywordOnly = false;
  for (const p of o.params) {
    if (p.keywordOnly && !keywordOnly) {
      keywordOnly = true;
      parts.push('*');
    }
    const type = p.list ? `tuple of ${NAMES[p.base] ?? p.base}s` : (NAMES[p.base] ?? p.base);
    const name = p.name === 'self' ? 'input' : p.name;
    const def = p.hasDefault
      ? ` = ${p.default === null ? 'None' : p.default === true ? 'True' : p.default === false ? 'False' : String(p.default)}`
      : '';
    parts.push(`${type} ${name}${def}`);
  }
  return `(${parts.join(', ')})`;
}
