// Modules: fresh parameters, repr, forward, state and gradients.
import { invoke } from '../call.ts';
import { CaseRun, Missing, type Row, type RunOptions } from '../case.ts';
import { Comparison, exactly, Mismatch, pytorch } from '../compare.ts';
import type { Folder } from '../data.ts';
import type { Constructor, Library, Tensor } from '../library.ts';
import { Decoder, type Json, type JsonObject, type TensorFile } from '../values.ts';

export function* runModules(library: Library, folder: Folder, { only, strict }: RunOptions): Generator<Row> {
  for (const path of folder.paths.filter((p) => p.endsWith('.json'))) {
    const group = path.replace(/\.json$/, '');
    const tensors = folder.tensors(`${group}.safetensors`);
    for (const data of folder.json(path).cases as readonly JsonObject[]) {
      const id = String(data.id);
      if (only && !only.test(`modules/${group}/${id}`)) continue;
      const run = new CaseRun();
      new ModuleCase(library, tensors, data, run).run();
      yield run.row({ kind: 'modules', family: 'nn', group, id }, ['init', 'repr', 'forward', 'state', 'grad'], strict);
    }
  }
}

/** (7 i mod 17 − 8) / 8 for every output element i: the cotangent that the data was made with. */
function cotangent(library: Library, like: Tensor): Tensor {
  const n = like.shape.reduce((product, s) => product * s, 1);
  const values = Float64Array.from({ length: n }, (_, i) => (((7 * i) % 17) - 8) / 8);
  const flat = library.tensor('float64', [...like.shape], new Uint8Array(values.buffer));
  return library.method(flat, 'to', like.dtype);
}

/** The tensors of nested arguments by path: "0", "1.0", "input". */
function* tensorsOf(library: Library, tree: unknown, path = ''): Generator<[string, Tensor]> {
  const below = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
  if (library.isTensor(tree)) yield [path, tree];
  else if (isPacked(tree)) yield* tensorsOf(library, [...packedFields(tree)], path);
  else if (Array.isArray(tree)) for (const [i, item] of tree.entries()) yield* tensorsOf(library, item, below(i));
  else if (tree instanceof Map) for (const [key, item] of tree as Map<string, unknown>) yield* tensorsOf(library, item, below(key));
}

interface Packed {
  readonly data: Tensor;
  readonly batch_sizes: Tensor;
  readonly sorted_indices: Tensor | null;
  readonly unsorted_indices: Tensor | null;
}
const isPacked = (x: unknown): x is Packed => typeof x === 'object' && x !== null && 'batch_sizes' in x;
const packedFields = (x: Packed): [Tensor, Tensor, Tensor | null, Tensor | null] => [
  x.data,
  x.batch_sizes,
  x.sorted_indices,
  x.unsorted_indices,
];

class ModuleCase {
  private module!: object;

  constructor(
    private readonly library: Library,
    private readonly file: TensorFile,
    private readonly data: JsonObject,
    private readonly checks: CaseRun,
  ) {}

  run(): void {
    if (!this.checks.check('init', () => this.construct())) return;
    this.checks.check('repr', () => this.compareText(this.data.repr, 'repr'));
    let output: unknown;
    const leaves = new Map<string, Tensor>();
    const ok = this.checks.check('forward', () => {
      output = this.forward(leaves);
      const comparison = new Comparison(this.library, this.file, pytorch);
      comparison.check(this.data.output!, output);
      return comparison.maxError;
    });
    if (!ok) return;
    this.checks.check('state', () => this.compareState((this.data.after ?? this.data.init) as JsonObject, false));
    if (this.data.repr_after) this.checks.check('repr', () => this.compareText(this.data.repr_after, 'repr after forward'));
    if (this.data.grad_params || this.data.grad_inputs) this.checks.check('grad', () => this.gradients(output, leaves));
  }

  private construct(): void {
    const { library, data } = this;
    const name = String(data.module);
    const found = library.find(`nn.${name}`);
    if (typeof found !== 'function') throw new Missing(`the library has no torch.nn.${name}`);
    const decoder = new Decoder(library, this.file);
    const { args, kwargs } = data.constructor as unknown as { args: Json[]; kwargs: JsonObject };
    const [positional, named] = [decoder.list(args), decoder.named(kwargs)];
    library.manualSeed(0);
    const built = invoke(library, { name, style: 'plain', run: (given) => new (found as Constructor)(...given) }, positional, named);
    this.module = library.method(built, 'to', library.dtype(String(data.dtype)));
    library.method(this.module, 'train', data.training);
    this.compareState(data.init as JsonObject, true);
  }

  private compareText(expected: Json | undefined, what: string): void {
    const text = String(this.module);
    if (text !== expected) throw new Mismatch(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(text)}`);
  }

  private compareState(expected: JsonObject, fresh: boolean): number {
    const { library } = this;
    const uninitialized = ['nn.UninitializedParameter', 'nn.parameter.UninitializedParameter', 'nn.parameter.UninitializedBuffer'].flatMap(
      (p) => library.find(p) ?? [],
    ) as Constructor[];
    const state = library
      .entries(library.method(this.module, 'state_dict'))
      .filter(([, value]) => !uninitialized.some((type) => value instanceof type));
    const comparison = new Comparison(library, this.file, fresh ? exactly : pytorch);
    comparison.check({ dict: Object.entries(expected) }, new Map(state), 'state');
    return comparison.maxError;
  }

  /** Calls the module with copies of fresh leaves, so that a module that works in place is differentiable too. */
  private forward(leaves: Map<string, Tensor>): unknown {
    const { library } = this;
    const { args, kwargs } = this.data.forward as unknown as { args: Json[]; kwargs: JsonObject };
    const decoder = new Decoder(library, this.file);
    const trees = [decoder.list(args), decoder.named(kwargs)] as const;
    const copies = new Map<Tensor, Tensor>();
    for (const [path, leaf] of trees.flatMap((tree) => [...tensorsOf(library, tree)])) {
      if (copies.has(leaf)) continue;
      copies.set(leaf, library.method(leaf, 'clone'));
      if (leaf.requires_grad) leaves.set(path, leaf);
    }
    const copied = (tree: unknown): unknown => {
      if (library.isTensor(tree)) return copies.get(tree);
      if (isPacked(tree))
        return library.build('nn.utils.rnn.PackedSequence', ...packedFields(tree).map((t, i) => (i === 0 ? copied(t) : t)));
      if (Array.isArray(tree)) return tree.map(copied);
      return tree;
    };
    library.manualSeed(1);
    const call = (given: unknown[]): unknown => (this.module as unknown as (...args: unknown[]) => unknown)(...given);
    return invoke(
      library,
      { name: 'forward', style: 'plain', run: call },
      trees[0].map(copied),
      new Map([...trees[1]].map(([name, tree]) => [name, copied(tree)])),
    );
  }

  private gradients(output: unknown, leaves: ReadonlyMap<string, Tensor>): number {
    const { library, data } = this;
    const outputs = [...tensorsOf(library, output)].map(([, t]) => t).filter((t) => t.requires_grad);
    const params = [...library.method<Iterable<[string, Tensor]>>(this.module, 'named_parameters')].filter(([, p]) => p.requires_grad);
    const wanted = [...params, ...leaves];
    const grads = library.call<(Tensor | null)[]>(
      'autograd.grad',
      outputs,
      wanted.map(([, t]) => t),
      outputs.map((t) => cotangent(library, t)),
      { allow_unused: true },
    );
    const comparison = new Comparison(library, this.file, pytorch);
    const entries = wanted.map(([name], i): [string, unknown] => [name, grads[i]]);
    comparison.check({ dict: Object.entries(data.grad_params as JsonObject) }, new Map(entries.slice(0, params.length)), 'gradient');
    comparison.check({ dict: Object.entries(data.grad_inputs as JsonObject) }, new Map(entries.slice(params.length)), 'gradient of input');
    return comparison.maxError;
  }
}
