// Operators: PyTorch's own samples, with gradients, second gradients, variants and error inputs.
import { isException } from '../../python/builtins.ts';
import type { PyValue } from '../../python/values.ts';
import { invoke, type Target } from '../call.ts';
import { CaseRun, Missing, type Row, type RunOptions } from '../case.ts';
import { Comparison, checkLayout, exactly, Mismatch, type Overrides, show, type ToleranceRule, toleranceOf } from '../compare.ts';
import type { Folder } from '../data.ts';
import type { Library, Tensor } from '../library.ts';
import { resolve, spreadIndex } from '../resolve.ts';
import { Decoder, flatten, isTensorNode, type Json, type JsonObject, runProgram, type TensorFile, tensorNodes } from '../values.ts';

interface Operator {
  readonly name: string;
  readonly path: string | null;
  readonly variants: Readonly<Record<string, string | { readonly kwarg: string } | null>>;
  readonly supportsOut: boolean;
  readonly tolerances: Overrides;
}

/** A case's arguments, made afresh for each call of it. */
interface Arguments {
  readonly args: PyValue[];
  readonly kwargs: Map<string, PyValue>;
  readonly inputs: readonly Tensor[];
}

export function* runOps(library: Library, folder: Folder, { only, strict }: RunOptions): Generator<Row> {
  for (const path of folder.paths.filter((p) => p.endsWith('.json') && p !== 'SUMMARY.json')) {
    const group = path.replace(/\.json$/, '');
    const file = folder.json(path);
    const operator: Operator = {
      name: String(file.op),
      path: file.path as string | null,
      variants: file.variants as Operator['variants'],
      supportsOut: file.supports_out === true,
      tolerances: file.tolerances as Overrides,
    };
    let tensors: TensorFile | null = null;
    for (const data of file.cases as readonly JsonObject[]) {
      const id = String(data.id);
      if (only && !only.test(`ops/${group}/${id}`)) continue;
      tensors ??= folder.tensors(`${group}.safetensors`);
      const run = new CaseRun();
      new OperatorCase(library, tensors, operator, data, run).run();
      yield run.row({ kind: 'ops', family: familyOf(operator), group, id }, ['forward', 'error'], strict);
    }
  }
}

/** The namespace of an operator: torch, Tensor, nn.functional, linalg, … */
export function familyOf({ path, name }: Pick<Operator, 'path' | 'name'>): string {
  const names = (path ?? `torch.${name}`).replace(/^torch\.(?=.*\.)/, '').split('.');
  return names[0] === 'ops' ? 'ops.aten' : names.slice(0, -1).join('.');
}

class OperatorCase {
  private readonly seed: number;
  private readonly rule: ToleranceRule;

  constructor(
    private readonly library: Library,
    private readonly file: TensorFile,
    private readonly operator: Operator,
    private readonly data: JsonObject,
    private readonly checks: CaseRun,
  ) {
    this.seed = Number(data.seed ?? 0);
    // A sampler's numbers are exact; what a program or a matrix product computes from them has the operator's tolerances.
    const sampled = data.nondeterministic === true && data.program === undefined && !/attention/.test(operator.name);
    this.rule = sampled ? exactly : (dtype) => toleranceOf(dtype, data.dtype as string | undefined, operator.tolerances);
  }

  run(): void {
    if (this.data.kind === 'error') this.runError();
    else this.runCall();
  }

  // ------------------------------------------------------------------ calling

  private arguments(grad = true): Arguments {
    const decoder = new Decoder(this.library, this.file, { grad });
    const args = decoder.list(this.data.args as Json[]);
    const kwargs = decoder.named(this.data.kwargs as JsonObject);
    return { args, kwargs, inputs: decoder.inputs };
  }

  /** Every case was generated right after seeding; a random result is not marked where two seeds happened to agree. */
  private reseed(): void {
    this.library.manualSeed(this.seed);
  }

  private target(path: string | null): Target {
    const target = path === null ? null : resolve(this.library, path);
    if (!target) throw new Missing(`the library has no ${path}`);
    return target;
  }

  private call({ args, kwargs, inputs }: Arguments): unknown {
    const { library } = this;
    this.reseed();
    const program = this.data.program as JsonObject | undefined;
    if (program) return runProgram(library, this.file, program, (node) => inputs[Number(node.ref)]!);
    return this.invoke(this.target((this.data.path as string | undefined) ?? this.operator.path), args, kwargs);
  }
  private invoke(target: Target, args: readonly PyValue[], kwargs: ReadonlyMap<string, PyValue>): unknown {
    return invoke(this.library, target, spreadIndex(this.library, target, args), kwargs);
  }

  private comparison(): Comparison {
    return new Comparison(this.library, this.file, this.rule, { valuesMatter: this.data.uninitialized !== true });
  }

  private processed(result: unknown): unknown {
    const post = this.data.post as JsonObject | undefined;
    if (!post) return result;
    const tensors = flatten(this.library, result);
    return runProgram(this.library, this.file, post, (node) => tensors[Number(node.out)]!);
  }

  // ------------------------------------------------------------------ calls

  private runCall(): void {
    let given: Arguments | undefined;
    let result: unknown;
    let processed: unknown;
    const passed = this.checks.check('forward', () => {
      given = this.arguments();
      const before = given.inputs.map((t) => this.contents(t));
      result = this.call(given);
      processed = this.processed(result);
      const comparison = this.comparison();
      this.compareResult(comparison, result, processed);
      this.compareInputs(comparison, given.inputs, before);
      return comparison.maxError;
    });
    if (!passed || !given) return;
    const { inputs } = given;
    this.checks.check('layout', () => {
      const tensors = flatten(this.library, result);
      for (const [i, node] of tensorNodes(this.data.out).entries()) checkLayout(this.library, node, tensors[i]!, inputs, `out[${i}]`);
    });
    if (this.data.grad) this.gradients(flatten(this.library, processed), inputs);
    this.variants();
  }

  /** With a `post` program the result itself is not unique: its dtypes and shapes count, and what the program makes of it. */
  private compareResult(comparison: Comparison, result: unknown, processed: unknown): void {
    const post = this.data.post as JsonObject | undefined;
    if (!post) {
      comparison.check(this.data.out!, result);
      return;
    }
    new Comparison(this.library, this.file, this.rule, { valuesMatter: false }).check(this.data.out!, result);
    comparison.check(post.out!, processed, 'post');
  }

  private contents(t: Tensor): string | null {
    return t.storage === null ? null : Buffer.from(this.library.bytes(t)).toString('latin1');
  }

  private compareInputs(comparison: Comparison, inputs: readonly Tensor[], before: readonly (string | null)[]): void {
    const mutated = (this.data.mutated ?? {}) as JsonObject;
    inputs.forEach((input, i) => {
      const expected = mutated[String(i)];
      if (expected !== undefined) comparison.check(expected, input, `input ${i}`);
      else if (before[i] !== null && this.data.uninitialized !== true && this.contents(input) !== before[i])
        throw new Mismatch(`input ${i} was changed`);
    });
  }

  // ------------------------------------------------------------------ gradients

  private gradients(outputs: readonly Tensor[], inputs: readonly Tensor[]): void {
    const { library, data } = this;
    const leaves = inputs.filter((t) => t.requires_grad);
    const first = data.grad as JsonObject;
    const second = data.grad2 as JsonObject | undefined;
    let cotangents: Tensor[] = [];
    let grads: (Tensor | null)[] = [];
    const ok = this.checks.check('grad', () => {
      const decoder = new Decoder(library, this.file);
      const all = decoder.list(first.cotangents as Json[]) as (Tensor | null)[];
      cotangents = all.filter((t) => t !== null);
      if (second) for (const t of cotangents) library.method(t, 'requires_grad_', true);
      const live = outputs.filter((_, k) => all[k] !== null && all[k] !== undefined);
      grads = this.grad(live, leaves, cotangents, second !== undefined);
      return this.compareAll(first.grads as Json[], grads, 'grad');
    });
    if (!ok || !second) return;
    this.checks.check('grad2', () => {
      const vs = new Decoder(library, this.file).list(second.v as Json[]) as (Tensor | null)[];
      const live = grads.flatMap((g, i) => (g?.requires_grad && vs[i] ? [{ g, v: vs[i] }] : []));
      const wanted = [...leaves, ...cotangents];
      const found =
        live.length > 0
          ? this.grad(
              live.map(({ g }) => g),
              wanted,
              live.map(({ v }) => v),
              false,
            )
          : wanted.map(() => null);
      const error = this.compareAll(second.grads as Json[], found.slice(0, leaves.length), 'grad2');
      const rest = found.slice(leaves.length);
      const expected = (second.cotangents as Json[]).filter((_, k) => (first.cotangents as Json[])[k] !== null);
      return Math.max(error, this.compareAll(expected, rest, 'grad2 of cotangent'));
    });
  }

  private grad(
    outputs: readonly Tensor[],
    inputs: readonly Tensor[],
    cotangents: readonly Tensor[],
    createGraph: boolean,
  ): (Tensor | null)[] {
    return [
      ...this.library.call<(Tensor | null)[]>('autograd.grad', [...outputs], [...inputs], [...cotangents], {
        allow_unused: true,
        create_graph: createGraph,
      }),
    ];
  }

  private compareAll(expected: readonly Json[], actual: readonly (Tensor | null)[], where: string): number {
    const comparison = new Comparison(this.library, this.file, this.rule);
    if (expected.length !== actual.length) throw new Mismatch(`${where}: expected ${expected.length} gradients, got ${actual.length}`);
    expected.forEach((node, i) => {
      comparison.check(node, actual[i], `${where} ${i}`);
    });
    return comparison.maxError;
  }

  // ------------------------------------------------------------------ other ways to call it

  private variants(): void {
    const { data, operator } = this;
    if (data.program || data.post || data.path) return;
    for (const [name, variant] of Object.entries(operator.variants)) {
      if (variant === null) continue;
      const inPlace = name.startsWith('inplace');
      if (inPlace ? this.inPlaceApplies() : name !== 'operator' || this.isBinaryCall())
        this.checks.check(name, () => this.variant(variant, inPlace));
    }
    const takesOut = operator.supportsOut && tensorNodes(data.out).length > 0;
    if (takesOut && !('out' in (data.kwargs as JsonObject))) this.checks.check('out', () => this.outVariant());
  }

  private isBinaryCall(): boolean {
    return Object.keys(this.data.kwargs as JsonObject).length === 0 && (this.data.args as Json[]).length <= 2;
  }

  /** Whether the result fits into the first argument, whose elements must each have a place of their own. */
  private inPlaceApplies(): boolean {
    const self = (this.data.args as Json[])[Number(this.data.self ?? 0)] as JsonObject | undefined;
    const out = this.data.out as JsonObject | null;
    if (!self || !('t' in self) || !out || typeof out !== 'object' || !('t' in out) || this.data.mutated || this.data.uninitialized)
      return false;
    if ((self.stride as number[] | undefined)?.some((s) => s === 0)) return false;
    const [from, to] = [this.file.stored(self), this.file.stored(out)];
    if (from.dtype !== to.dtype) return false;
    return this.data.broadcasts_input === true || String(self.size ?? from.shape) === String(to.shape);
  }

  private variant(variant: string | { readonly kwarg: string }, inPlace: boolean): number {
    const { data } = this;
    const { args, kwargs } = this.arguments(!inPlace);
    const at = typeof variant === 'string' ? Number(data.self ?? 0) : 0;
    const self = args[at];
    const ordered = at === 0 ? args : [self, ...args.filter((_, i) => i !== at)];
    const target = this.target(typeof variant === 'string' ? variant : this.operator.path);
    const named = typeof variant === 'string' ? kwargs : new Map(kwargs).set(variant.kwarg, true);
    this.reseed();
    if (inPlace && data.broadcasts_input) {
      if (throws(() => this.invoke(target, ordered, named))) return 0;
      throw new Mismatch('must throw: the result is larger than the tensor');
    }
    const result = this.invoke(target, ordered, named);
    if (inPlace && result !== self) throw new Mismatch('must return the tensor itself');
    const comparison = this.comparison();
    comparison.check(data.out!, result);
    return comparison.maxError;
  }

  private outVariant(): number {
    const { library, data } = this;
    const { args, kwargs } = this.arguments(false);
    const nodes = tensorNodes(data.out);
    const outs = nodes.map((node) =>
      'sparse' in node
        ? library.call<Tensor>('zeros_like', new Decoder(library, this.file, { grad: false }).decode(node))
        : library.tensor(this.file.stored(node).dtype, [0], new Uint8Array(0)),
    );
    const single = isTensorNode(data.out);
    this.reseed();
    const result = this.invoke(
      this.target(this.operator.path),
      args,
      new Map<string, PyValue>([...kwargs, ['out', single ? outs[0] : outs]]),
    );
    flatten(library, result).forEach((t, i) => {
      if (t !== outs[i]) throw new Mismatch(`must return the tensor given as out (${i})`);
    });
    const comparison = this.comparison();
    comparison.check(data.out!, result);
    return comparison.maxError;
  }

  // ------------------------------------------------------------------ errors

  private runError(): void {
    const { data } = this;
    let given: Arguments | undefined;
    let before: (string | null)[] = [];
    let state: string | null = null;
    const ok = this.checks.check('error', () => {
      given = this.arguments();
      before = given.inputs.map((t) => this.contents(t));
      this.reseed();
      state = this.randomState();
      const target = data.program ? null : this.target((data.path as string | undefined) ?? this.operator.path);
      const error = caught(() => (target ? this.invoke(target, given!.args, given!.kwargs) : this.call(given!)));
      const { type, regex } = data.error as unknown as { type: string[]; regex: string };
      if (!error) throw new Mismatch(`must throw ${type.join(' or ')}`);
      if (!type.some((wanted) => isException(error.name, wanted)))
        throw new Mismatch(`must throw ${type.join(' or ')}, threw ${error.name}: ${show(error.message)}`);
      if (!new RegExp(regex).test(error.message)) throw new Mismatch(`the message must match /${regex}/: ${show(error.message)}`);
    });
    if (!ok || !given) return;
    const { inputs } = given;
    this.checks.check('unchanged', () => {
      inputs.forEach((t, i) => {
        if (this.contents(t) !== before[i]) throw new Mismatch(`input ${i} was changed by a failing call`);
      });
      if (this.randomState() !== state) throw new Mismatch('the random state was changed by a failing call');
    });
  }

  private randomState(): string {
    return Buffer.from(this.library.bytes(this.library.call<Tensor>('get_rng_state'))).toString('latin1');
  }
}

function caught(body: () => unknown): Error | null {
  try {
    body();
    return null;
  } catch (error) {
    if (error instanceof Missing) throw error;
    return error instanceof Error ? error : new Error(String(error));
  }
}
const throws = (body: () => unknown): boolean => caught(body) !== null;
