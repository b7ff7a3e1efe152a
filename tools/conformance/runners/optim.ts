// Optimizers over given gradients, and the learning rates of schedulers.
import { Interpreter } from '../../python/evaluate.ts';
import { invoke, toLibrary } from '../call.ts';
import { CaseRun, Missing, type Row, type RunOptions } from '../case.ts';
import { Comparison, Mismatch, pytorch } from '../compare.ts';
import type { Folder } from '../data.ts';
import type { Constructor, Library, Tensor } from '../library.ts';
import { Decoder, isObject, type Json, type JsonObject, TensorFile } from '../values.ts';

export function* runOptim(library: Library, folder: Folder, { only, strict }: RunOptions): Generator<Row> {
  for (const path of folder.paths.filter((p) => p.endsWith('.json'))) {
    const group = path.replace(/\.json$/, '');
    const tensors = folder.tensors(`${group}.safetensors`);
    for (const data of folder.json(path).cases as readonly JsonObject[]) {
      const id = String(data.id);
      if (only && !only.test(`optim/${group}/${id}`)) continue;
      const run = new CaseRun();
      const place = { kind: 'optim', family: data.scheduler ? 'lr_scheduler' : 'optim', group, id } as const;
      if (data.scheduler) {
        new SchedulerCase(library, data, run).run();
        yield run.row(place, ['lr', 'momentum', 'resumed'], strict);
      } else {
        new OptimizerCase(library, tensors, data, run).run();
        yield run.row(place, ['steps', 'repr', 'state'], strict);
      }
    }
  }
}

interface Optimizer {
  readonly param_groups: Record<string, unknown>[];
  step(closure?: () => unknown): unknown;
  zero_grad(): void;
  state_dict(): unknown;
  load_state_dict(state: unknown): void;
}

class OptimizerCase {
  private readonly comparison: Comparison;
  private optimizer!: Optimizer;
  private params: Tensor[] = [];

  constructor(
    private readonly library: Library,
    private readonly file: TensorFile,
    private readonly data: JsonObject,
    private readonly checks: CaseRun,
  ) {
    this.comparison = new Comparison(library, file, pytorch);
  }

  run(): void {
    const stepped = this.checks.check('steps', () => {
      this.build();
      this.checks.check('repr', () => {
        if (String(this.optimizer) !== this.data.repr)
          throw new Mismatch(`expected ${JSON.stringify(this.data.repr)}, got ${JSON.stringify(String(this.optimizer))}`);
      });
      (this.data.after as Json[][]).forEach((after, step) => {
        if (this.data.losses)
          this.comparison.check((this.data.losses as Json[])[step]!, this.optimizer.step(this.closure()), `loss of step ${step}`);
        else this.stepWithGradients((this.data.grads as Json[][])[step]!);
        for (const [i, node] of after.entries()) this.comparison.check(node, this.params[i], `parameter ${i} after step ${step}`);
      });
      return this.comparison.maxError;
    });
    if (!stepped) return;
    this.checks.check('state', () => {
      this.comparison.check(this.data.state!, this.optimizer.state_dict(), 'state');
      return this.comparison.maxError;
    });
  }

  private build(): void {
    const { library, data } = this;
    const name = String(data.optimizer);
    const found = library.find(`optim.${name}`);
    if (typeof found !== 'function') throw new Missing(`the library has no torch.optim.${name}`);
    const decoder = new Decoder(library, this.file);
    this.params = decoder.list(data.params as Json[]) as Tensor[];
    const groups = data.groups as readonly { readonly params: number[]; readonly lr?: number }[] | undefined;
    const parameters = groups ? groups.map((group) => ({ ...group, params: group.params.map((i) => this.params[i]) })) : this.params;
    const run = (args: unknown[]): object => new (found as Constructor)(parameters, ...args);
    this.optimizer = invoke(library, { name, style: 'plain', run }, [], decoder.named(data.kwargs as JsonObject)) as Optimizer;
  }

  private stepWithGradients(nodes: readonly Json[]): void {
    const grads = new Decoder(this.library, this.file).list([...nodes]);
    this.params.forEach((p, i) => {
      (p as { grad: unknown }).grad = grads[i];
    });
    this.optimizer.step();
  }

  /** Σ (a d²) + 0.1 Σ d⁴ with d = p − b, over the parameters in order. */
  private closure(): () => Tensor {
    const { library, data } = this;
    const decoder = new Decoder(library, this.file);
    const [a, b] = [decoder.list(data.a as Json[]), decoder.list(data.b as Json[])];
    const times = (x: unknown, y: unknown): Tensor => library.call('mul', x, y);
    const total = (x: unknown): Tensor => library.call('sum', x);
    return () => {
      this.optimizer.zero_grad();
      const terms = this.params.map((p, i) => {
        const d = library.call<Tensor>('sub', p, b[i]);
        return library.call<Tensor>('add', total(times(times(a[i], d), d)), times(total(times(times(times(d, d), d), d)), 0.1));
      });
      const loss = terms.reduce((sum, term) => library.call<Tensor>('add', sum, term));
      library.method(loss, 'backward');
      return loss;
    };
  }
}

interface Scheduler {
  step(metric?: number): void;
  state_dict(): unknown;
  load_state_dict(state: unknown): void;
  get_last_lr(): unknown[];
}

class SchedulerCase {
  private readonly comparison: Comparison;

  constructor(
    private readonly library: Library,
    private readonly data: JsonObject,
    private readonly checks: CaseRun,
  ) {
    this.comparison = new Comparison(library, new TensorFile(new Map()), () => ({ rtol: 1e-15, atol: 0 }));
  }

  run(): void {
    const { data } = this;
    const steps = Number(data.steps);
    const half = Math.floor(steps / 2);
    let halfway: { optimizer: unknown; scheduler: unknown } | undefined;
    this.checks.check('lr', () => {
      const pair = this.pair();
      const rows = [rates(pair.optimizer), ...this.walk(pair, 0, half)];
      halfway = { optimizer: structured(pair.optimizer.state_dict()), scheduler: structured(pair.scheduler.state_dict()) };
      rows.push(...this.walk(pair, half, steps));
      this.comparison.check(
        asFloats(data.lr!),
        rows.map((row) => row.lr),
        'lr',
      );
      this.comparison.check(asFloats(data.last_lr!), pair.scheduler.get_last_lr().map(Number), 'last_lr');
      if (data.momentum)
        this.checks.check('momentum', () =>
          this.comparison.check(
            asFloats(data.momentum!),
            rows.map((row) => row.momentum),
            'momentum',
          ),
        );
    });
    if (!halfway) return;
    this.checks.check('state', () => this.compareState(halfway!.scheduler));
    if (!data.resumed) return;
    this.checks.check('resumed', () => {
      const pair = this.pair();
      pair.optimizer.load_state_dict(halfway!.optimizer);
      pair.scheduler.load_state_dict(halfway!.scheduler);
      const rows = this.walk(pair, half, steps);
      this.comparison.check(
        asFloats((data.lr as Json[]).slice(half + 1)),
        rows.map((row) => row.lr),
        'lr after loading',
      );
    });
  }

  private pair(): { optimizer: Optimizer; scheduler: Scheduler } {
    const { library } = this;
    const params = [0, 1].map(() => library.build('nn.Parameter', library.call('zeros', 2)));
    const groups = [
      { params: [params[0]], lr: 0.1 },
      { params: [params[1]], lr: 0.05 },
    ];
    const adam = String(this.data.optimizer).startsWith('Adam');
    const optimizer = adam
      ? library.build<Optimizer>('optim.Adam', groups)
      : library.build<Optimizer>('optim.SGD', groups, { momentum: 0.9 });
    return { optimizer, scheduler: this.build(this.data.scheduler as JsonObject, optimizer) };
  }

  private build(spec: JsonObject, optimizer: Optimizer): Scheduler {
    const { library } = this;
    const name = String(spec.name);
    const found = library.find(`optim.lr_scheduler.${name}`) ?? library.find(`optim.swa_utils.${name}`);
    if (typeof found !== 'function') throw new Missing(`the library has no torch.optim.lr_scheduler.${name}`);
    const inner = (spec.schedulers as JsonObject[]).map((child) => this.build(child, optimizer));
    const kwargs = Object.fromEntries(Object.entries(spec.kwargs as JsonObject).map(([key, value]) => [key, this.option(value)]));
    const args = name === 'ChainedScheduler' ? [inner, optimizer] : inner.length > 0 ? [optimizer, inner] : [optimizer];
    return new (found as Constructor)(...args, kwargs) as Scheduler;
  }

  /** {"expr": "0.95 ** epoch", "var": "epoch"} is a Python lambda. */
  private option(value: Json): unknown {
    if (Array.isArray(value)) return value.map((item: Json) => this.option(item));
    if (!isObject(value)) return value;
    if (!('expr' in value)) throw new Error(`cannot decode ${JSON.stringify(value)}`);
    return toLibrary(this.library, new Interpreter().evaluate(`lambda ${String(value.var)}: ${String(value.expr)}`), 'plain');
  }

  private walk({ optimizer, scheduler }: { optimizer: Optimizer; scheduler: Scheduler }, first: number, last: number): Rates[] {
    const metrics = this.data.metrics as readonly number[] | undefined;
    const rows: Rates[] = [];
    for (let k = first; k < last; k++) {
      optimizer.step();
      if (metrics) scheduler.step(metrics[k]!);
      else scheduler.step();
      rows.push(rates(optimizer));
    }
    return rows;
  }

  /** The numbers and texts of the state; functions and inner objects have no common form. */
  private compareState(actual: unknown): void {
    const found = new Map(this.library.entries(actual));
    for (const [key, value] of Object.entries(this.data.state as JsonObject)) {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) continue;
      if (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)) continue;
      if (!found.has(key)) throw new Mismatch(`state: the key ${key} is missing`);
      this.comparison.check(asFloats(value), found.get(key), `state.${key}`);
    }
  }
}

interface Rates {
  readonly lr: number[];
  readonly momentum: number[];
}
function rates({ param_groups }: Optimizer): Rates {
  return {
    lr: param_groups.map((group) => Number(group.lr)),
    momentum: param_groups.map((group) => Number(group.betas ? (group.betas as number[])[0] : group.momentum)),
  };
}

/** Plain JSON numbers, all of them floats. */
function asFloats(node: Json): Json {
  if (typeof node === 'number') return { float: String(node) };
  return Array.isArray(node) ? node.map((item: Json) => asFloats(item)) : node;
}

/** A copy of a state dict that later steps do not change. */
function structured(state: unknown): unknown {
  if (Array.isArray(state)) return state.map(structured);
  if (state instanceof Map) return new Map([...state].map(([key, value]) => [key, structured(value)]));
  if (typeof state !== 'object' || state === null || Object.getPrototypeOf(state) !== Object.prototype) return state;
  return Object.fromEntries(Object.entries(state).map(([key, value]) => [key, structured(value)]));
}
