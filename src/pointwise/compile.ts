// A formula becomes a register program: types are assigned, casts inserted, registers reused.
import { lower } from './complex.ts';
import { type Expr, topological } from './expr.ts';
import { CAST, CONST, isPredicate, LOAD, primitiveNumber, RegType, STORE, worksOnIntegers } from './primitives.ts';

/** How an input reaches the registers; its memory dtype is converted by the load. */
export interface InputType {
  readonly type: RegType;
  readonly complex: boolean;
}

/** A register program. Instruction i is code[6i … 6i+5] = [primitive, type, destination, a, b, c]. */
export interface Program {
  readonly code: Int32Array;
  /** Values of 8 bytes each: doubles, or int64 where the instruction's type says so. */
  readonly consts: BigInt64Array;
  readonly registers: number;
  readonly outputs: number;
  /** Primitives that occur, for backends that know fewer. */
  readonly uses: ReadonlySet<number>;
  /** Filled by a native backend: where code and consts lie. */
  native: unknown;
}

const WHERE = primitiveNumber('where');
const isFloat = (t: RegType): boolean => t >= RegType.Float32;

/** Compiles formulas for inputs of the given types. `complexOutput[j]` says that output j's memory is complex. */
export function compile(roots: readonly Expr[], inputs: readonly InputType[], complexOutput: readonly boolean[]): Program {
  const lowered = lower(roots, (i) => inputs[i]!.complex);
  const float = inputs.some((i) => i.type === RegType.Float64) ? RegType.Float64 : RegType.Float32;
  const common = inputs.reduce<RegType>((t, i) => Math.max(t, i.type), RegType.Bool);
  const stores: { value: Expr; output: number; component: number }[] = [];
  lowered.forEach((p, output) => {
    stores.push({ value: p.re, output, component: 0 });
    if (complexOutput[output]) stores.push({ value: p.im ?? p.re.constant(0), output, component: 1 });
  });
  const emitter = new Emitter(inputs, float, common);
  return emitter.program(stores, roots.length);
}

class Emitter {
  private readonly types = new Map<Expr, RegType>();
  private readonly words: number[] = [];
  private readonly consts: bigint[] = [];
  /** Where a value lies, by node and by the type it was cast to. */
  private readonly places = new Map<string, number>();
  private readonly lastUse = new Map<string, number>();
  private readonly free: number[] = [];
  private registers = 0;
  private readonly uses = new Set<number>();
  constructor(
    private readonly inputs: readonly InputType[],
    private readonly float: RegType,
    private readonly common: RegType,
  ) {}

  program(stores: readonly { value: Expr; output: number; component: number }[], outputs: number): Program {
    const order = topological(stores.map((s) => s.value));
    for (const e of order) this.types.set(e, this.typeOf(e));
    // A virtual program first: values by name, so that the last use of each is known; then registers.
    const steps: { op: number; type: number; result: string | null; operands: (string | number)[] }[] = [];
    const made = new Set<string>();
    const value = (e: Expr, wanted: RegType): string => {
      const own = this.types.get(e)!;
      if (e.op === 'const') {
        const name = `${e.id}:${wanted}`;
        if (!made.has(name)) {
          made.add(name);
          steps.push({ op: CONST, type: wanted, result: name, operands: [this.constant(e.value, wanted), 0, 0] });
        }
        return name;
      }
      const base = `${e.id}:${own}`;
      if (own === wanted) return base;
      const name = `${e.id}:${wanted}`;
      if (!made.has(name)) {
        made.add(name);
        steps.push({ op: CAST, type: own, result: name, operands: [base, wanted, 0] });
      }
      return name;
    };
    for (const e of order) {
      if (e.op === 'const') continue;
      const own = this.types.get(e)!;
      const result = `${e.id}:${own}`;
      if (e.op === 'input') steps.push({ op: LOAD, type: own, result, operands: [e.value >> 1, e.value & 1, 0] });
      else {
        const t = this.operandType(e);
        const operands = e.args.map((a, k) => value(a, e.op === 'where' && k === 0 ? RegType.Bool : t));
        steps.push({ op: primitiveNumber(e.op), type: t, result, operands: [...operands, 0, 0].slice(0, 3) });
      }
      made.add(result);
    }
    for (const s of stores) {
      const t = s.value.op === 'const' ? this.common : this.types.get(s.value)!;
      steps.push({ op: STORE, type: t, result: null, operands: [value(s.value, t), s.component, s.output] });
    }
    steps.forEach((s, i) => {
      for (const o of s.operands) if (typeof o === 'string') this.lastUse.set(o, i);
    });
    steps.forEach((s, i) => {
      this.uses.add(s.op);
      const at = s.operands.map((o) => (typeof o === 'string' ? this.places.get(o)! : o));
      // Where elements are narrower than the result's (a cast, the condition of a select), the result must not be written over them:
      // those registers are free only afterwards.
      const dead = [...new Set(s.operands)].flatMap((o) =>
        typeof o === 'string' && this.lastUse.get(o) === i ? [this.places.get(o)!] : [],
      );
      const mixesWidths = s.op === CAST || s.op === WHERE;
      if (!mixesWidths) this.free.push(...dead);
      if (s.op === STORE) {
        this.words.push(STORE, s.type, at[2]!, at[0]!, at[1]!, 0);
        return;
      }
      const to = this.free.pop() ?? this.registers++;
      this.places.set(s.result!, to);
      if (!this.lastUse.has(s.result!)) this.free.push(to);
      if (mixesWidths) this.free.push(...dead);
      this.words.push(s.op, s.type, to, at[0]!, at[1]!, at[2]!);
    });
    return {
      code: Int32Array.from(this.words),
      consts: BigInt64Array.from(this.consts),
      registers: this.registers,
      outputs,
      uses: this.uses,
      native: null,
    };
  }
  private constant(v: number, type: RegType): number {
    const slot = new Float64Array([v]);
    this.consts.push(isFloat(type) ? new BigInt64Array(slot.buffer)[0]! : Number.isFinite(v) ? BigInt(Math.trunc(v)) : 0n);
    return this.consts.length - 1;
  }
  /** The type in which a node's operands meet. */
  private operandType(e: Expr): RegType {
    let t = RegType.Bool;
    let fraction = false;
    let all = true;
    e.args.forEach((a, k) => {
      if (e.op === 'where' && k === 0) return;
      if (a.op === 'const') fraction ||= !Number.isInteger(a.value);
      else {
        t = Math.max(t, this.types.get(a)!);
        all = false;
      }
    });
    if (all) t = e.op === 'where' ? this.common : Math.max(this.common, RegType.Int64);
    if (fraction && !isFloat(t)) return this.float;
    const hasConst = e.args.some((a, k) => a.op === 'const' && !(e.op === 'where' && k === 0));
    if (t === RegType.Bool) {
      const logical = e.op.startsWith('bitwise_') || e.op === 'logical_not' || e.op === 'where' || isPredicate(e.op);
      const small = e.args.every((a) => a.op !== 'const' || a.value === 0 || a.value === 1);
      if (logical && (!hasConst || small)) return t;
      t = RegType.Int64;
    }
    return t === RegType.Int64 && !worksOnIntegers(e.op) ? this.float : t;
  }
  private typeOf(e: Expr): RegType {
    if (e.op === 'input') return this.inputs[e.value >> 1]!.type;
    if (e.op === 'const') return this.common;
    return isPredicate(e.op) ? RegType.Bool : this.operandType(e);
  }
}
