// The graph of a model, recorded while it runs: a node for every operator, parameter, constant and list, in the scopes of its modules.
import { create, toBinary } from '@bufbuild/protobuf';
import { DType, pythonFloat } from '../../core/dtype.ts';
import { RuntimeError } from '../../core/errors.ts';
import { FloatScalar } from '../../core/scalar.ts';
import { Tensor } from '../../core/tensor.ts';
import type { Op } from '../../dispatch/operator.ts';
import { intercept } from '../../dispatch/state.ts';
import type { Module } from '../../nn/module.ts';
import { isKwargs } from '../../surface/bind.ts';
import { type GraphDef, GraphDefSchema, RunMetadataSchema } from './generated/tensorboard_pb.ts';
import { type Argument, atenCall } from './graph_operators.ts';

/** A node as TensorBoard draws it. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  /** What the node's card shows. */
  readonly attributes: string;
  readonly shape: readonly number[] | null;
}

/** A call of a module that is running. */
interface Frame {
  /** The names of the modules that are running, from the model on. */
  readonly scope: string;
  /** Nodes that one call shares: parameters and constants. The model's own constants stand alone, as in PyTorch's traces. */
  readonly shared: Map<string, string>;
  readonly isRoot: boolean;
}

/**
 * Runs a model in evaluation mode and gives its nodes.
 * @throws RuntimeError for a list or an object as the model's result while `strict`; whatever the model throws.
 */
export function trace(model: Module, args: readonly unknown[], strict: boolean): GraphNode[] {
  const recorder = new Recorder(model);
  const modes = [...model.modules()].map((m) => [m, m.training] as const);
  model.train(false);
  const hooks = recorder.follow();
  try {
    recorder.inputs(args);
    const call = model as unknown as (...args: readonly unknown[]) => unknown;
    const result = intercept({ at: 'function', call: (op, given, next) => recorder.call(op, given, next) }, () => call(...args));
    recorder.outputs(result, strict);
  } finally {
    for (const hook of hooks) hook.remove();
    for (const [m, training] of modes) m.training = training;
  }
  return recorder.nodes();
}
/** The nodes as event files hold them, and what TensorBoard wants to know about the run. */
export function graph(nodes: readonly GraphNode[]): { graph: GraphDef; run_metadata: Uint8Array } {
  const encoder = new TextEncoder();
  const node = nodes.map(({ name, op, inputs, attributes, shape }) => {
    const dim = shape?.map((n) => ({ size: BigInt(n) }));
    const shapes = { value: { case: 'list' as const, value: { shape: [{ dim }] } } };
    const text = { value: { case: 's' as const, value: encoder.encode(attributes) } };
    return { name, op, input: [...inputs], attr: { attr: text, ...(dim && { _output_shapes: shapes }) } };
  });
  const run = create(RunMetadataSchema, { stepStats: { devStats: [{ device: '/device:CPU:0' }] } });
  return { graph: create(GraphDefSchema, { node, versions: { producer: 22 } }), run_metadata: toBinary(RunMetadataSchema, run) };
}

/** Python's text of an attribute; quotes would confuse TensorBoard. */
const attribute = (name: string, text: string): string => `{ ${name} : ${text.replaceAll("'", ' ')}}`;

class Recorder {
  private readonly found: GraphNode[] = [];
  private readonly ins: { readonly name: string; readonly tensor: Tensor }[] = [];
  private outs: GraphNode[] = [];
  private readonly used = new Set<string>();
  /** The node that gave a tensor. */
  private readonly names = new Map<Tensor, string>();
  private readonly stack: Frame[];
  /** A module's name in scopes: its class and what its parent calls it. */
  private readonly labels = new Map<Module, string>();
  /** Where parameters and buffers live. */
  private readonly members = new Map<Tensor, { readonly scope: string; readonly name: string }>();
  private count = 0;

  constructor(private readonly model: Module) {
    const root = model._get_name();
    const scopes = new Map<string, string>([['', root]]);
    for (const [path, module] of model.named_modules()) {
      const name = path.slice(path.lastIndexOf('.') + 1);
      this.labels.set(module, path ? `${module._get_name()}[${name}]` : root);
      const parent = path.includes('.') ? path.slice(0, path.lastIndexOf('.')) : '';
      if (path) scopes.set(path, `${scopes.get(parent)}/${this.labels.get(module)}`);
    }
    for (const [path, tensor] of [...model.named_parameters(), ...model.named_buffers()]) {
      const cut = path.lastIndexOf('.');
      this.members.set(tensor, { scope: scopes.get(path.slice(0, Math.max(0, cut)))!, name: path.slice(cut + 1) });
    }
    this.stack = [{ scope: root, shared: new Map(), isRoot: true }];
  }
  private get frame(): Frame {
    return this.stack.at(-1)!;
  }

  /** Keeps the stack of running modules. */
  follow(): { remove(): void }[] {
    return [...this.labels].flatMap(([module, label]) => {
      if (module === this.model) return [];
      const enter = module.register_forward_pre_hook(() => {
        this.stack.push({ scope: `${this.frame.scope}/${label}`, shared: new Map(), isRoot: false });
      });
      const leave = module.register_forward_hook(() => void this.stack.pop(), { prepend: true, always_call: true });
      return [enter, leave];
    });
  }
  inputs(args: readonly unknown[]): void {
    for (const tensor of tensorsIn(args)) {
      const name = `input/input.${this.ins.length + 1}`;
      this.ins.push({ name, tensor });
      this.names.set(tensor, name);
    }
  }
  /** Runs an operator and records it. */
  call(op: Op, given: readonly unknown[], next: () => unknown): unknown {
    const { name, args, hidden } = atenCall(op, given);
    const inputs = args.map((arg) => this.argument(arg));
    const result = next();
    const results = tensorsIn(result);
    const node = (tensor: Tensor): string => this.add(`aten::${name}`, inputs, '{}', tensor.shape);
    for (const tensor of results) this.names.set(tensor, node(tensor));
    if (results.length === 1) for (let i = 0; i < hidden; i++) node(results[0]!);
    return result;
  }
  /** The sink of what the model gave. */
  outputs(result: unknown, strict: boolean): void {
    const isDict = isKwargs(result);
    if (!isDict && !Array.isArray(result) && !(result instanceof Tensor))
      throw new RuntimeError(
        `Only tensors, lists, tuples of tensors, or dictionary of tensors can be output from traced functions (got ${typeof result})`,
      );
    if (isDict && strict)
      throw new RuntimeError(
        "Encountering a dict at the output of the tracer might cause the trace to be incorrect, this is only valid if the container structure does not change based on the module's inputs. If you absolutely need this and know the side effects, pass strict=False to trace() to allow this behavior.",
      );
    const shape = result instanceof Tensor ? result.shape : [1];
    this.outs = [{ name: 'output/output.1', op: 'IO Node', inputs: [this.value(result)], attributes: '', shape: [...shape] }];
    this.used.add(this.outs[0]!.inputs[0]!);
  }
  /** Inputs that are used, outputs, and what lies between. */
  nodes(): GraphNode[] {
    const inputs = this.ins
      .filter(({ name }) => this.used.has(name))
      .map(({ name, tensor }): GraphNode => ({ name, op: 'IO Node', inputs: [], attributes: '', shape: [...tensor.shape] }));
    return [...inputs, ...this.outs, ...this.found];
  }

  private add(op: string, inputs: readonly string[], attributes: string, shape: readonly number[] | null = null, name?: string): string {
    const full = name ?? `${this.frame.scope}/${++this.count}`;
    for (const input of inputs) this.used.add(input);
    this.found.push({ name: full, op, inputs, attributes, shape: shape && [...shape] });
    return full;
  }
  /** The node of a value that the model gives: tensors, or collections of them. */
  private value(x: unknown): string {
    if (x instanceof Tensor) return this.tensor(x);
    if (Array.isArray(x))
      return this.add(
        'prim::TupleConstruct',
        x.map((item) => this.value(item)),
        '{}',
      );
    if (!isKwargs(x)) return this.constant('value', x);
    const entries = Object.entries(x).flatMap(([key, item]) => [this.constant('str', key), this.value(item)]);
    return this.add('prim::DictConstruct', entries, '{}');
  }
  private argument({ value, base }: Argument): string {
    if (value instanceof Tensor) return this.tensor(value);
    if (Array.isArray(value))
      return this.add(
        'prim::ListConstruct',
        value.map((item) => this.argument({ value: item, base })),
        '{}',
      );
    return this.constant(base, value);
  }
  private tensor(x: Tensor): string {
    const known = this.names.get(x);
    if (known) return known;
    const member = this.members.get(x);
    if (!member) {
      const name = this.add('prim::Constant', [], attribute('value', String(x)), x.shape);
      this.names.set(x, name);
      return name;
    }
    const { scope, name } = member;
    return this.once(`parameter ${scope}/${name}`, () =>
      this.add('prim::GetAttr', [], attribute('name', ` ${name} `), null, `${scope}/${name}/${name}.${++this.count}`),
    );
  }
  private constant(base: string, value: unknown): string {
    const text = constantText(base, value);
    const make = (): string => this.add('prim::Constant', [], text === null ? '{}' : attribute('value', text));
    return this.frame.isRoot ? make() : this.once(`${base} ${text}`, make);
  }
  private once(key: string, make: () => string): string {
    const { shared } = this.frame;
    const known = shared.get(key) ?? make();
    shared.set(key, known);
    return known;
  }
}

/** Python's text of a constant; null is none. */
function constantText(base: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return String(Number(value));
  if (value instanceof FloatScalar) return pythonFloat(Number(value.value));
  if (typeof value === 'number') return base === 'float' || !Number.isInteger(value) ? pythonFloat(value) : String(value);
  if (value instanceof DType) return String(value);
  return typeof value === 'string' ? ` ${value} ` : String(value);
}
function tensorsIn(x: unknown): Tensor[] {
  if (x instanceof Tensor) return [x];
  if (Array.isArray(x)) return x.flatMap(tensorsIn);
  return isKwargs(x) ? Object.values(x).flatMap(tensorsIn) : [];
}
