// The table of a network's layers, as torchkeras 1 prints it.
import { no_grad } from '../autograd/modes.ts';
import { fixed } from '../core/decimal.ts';
import { DType, get_default_dtype } from '../core/dtype.ts';
import { ValueError } from '../core/errors.ts';
import { Tensor } from '../core/tensor.ts';
import { bindCall } from '../nn/arguments.ts';
import { className, type Module } from '../nn/module.ts';
import { is_lazy } from '../nn/parameter.ts';
import type { Arguments } from '../nn/simple.ts';
import * as torch from '../surface/generated/torch.ts';
import type { LegacyConstructor } from '../surface/legacy.ts';
import { fork_rng } from '../surface/random.ts';

/** The sizes of one sample, without the batch. */
export type Shape = readonly number[];
/** A dtype, or one of the old tensor types, such as `torch.LongTensor`. */
export type InputType = DType | LegacyConstructor;
export interface SummarySettings {
  /** The shape of an input without its batch; a list of shapes for a network with several inputs. */
  input_shape: Shape | readonly Shape[];
  /** What the inputs hold; a list for several inputs of different types. */
  input_dtype: InputType | readonly InputType[];
  /** What stands for the batch in the shapes. Sizes in MB are those of this many samples; of one for -1. */
  batch_size: number;
}

/** The samples of the two batches that are sent through: what differs in a shape is the batch. Batch norm needs more than one. */
const SAMPLES = [2, 4] as const;
/** The sizes in MB count four bytes an element, whatever the dtypes are. */
const BYTES = 4;
const MB = 1024 ** 2;
const WIDTH = 64;

/** One run of a layer. */
interface Layer {
  readonly name: string;
  /** The shapes of the tensors that came out. */
  readonly outputs: readonly Shape[];
  readonly params: number;
}
/** A layer whose shapes have null in place of the batch. */
interface Line extends Omit<Layer, 'outputs'> {
  readonly outputs: readonly (readonly (number | null)[])[];
  /** How many elements come out for one sample more, and for none. */
  readonly elements: readonly [each: number, fixed: number];
}

/**
 * Prints a table of the layers that a network runs, and how many parameters and how much memory it has.
 *
 * One line is one run of a layer, a module inside which no other module ran, in order of execution; a layer that runs twice has two lines.
 * Shapes have -1 in place of the batch. Functional calls, and modules made inside `forward`, do not appear. Totals count every parameter
 * of the network once, shared ones and those that belong to no layer included. Two small batches of random samples (zeros for integers)
 * are sent through in the mode in which the network is; buffers and the random stream are put back.
 * @throws ValueError if the number of dtypes is not that of the shapes.
 * See the notes, https://github.com/lyhue1991/torchkeras (version 1).
 */
export function summary(
  net: Module,
  ...args: Arguments<[input_shape: Shape | readonly Shape[], input_dtype?: InputType], SummarySettings>
): void {
  console.log(summary_text(net, ...args));
}
/** The text that {@link summary} prints. */
export function summary_text(
  net: Module,
  ...args: Arguments<[input_shape: Shape | readonly Shape[], input_dtype?: InputType], SummarySettings>
): string {
  const { input_shape, input_dtype, batch_size } = bindCall<SummarySettings>(
    'summary',
    args,
    ['input_shape', 'input_dtype', 'batch_size'],
    { input_dtype: get_default_dtype(), batch_size: -1 },
    1,
  );
  const shapes = isSeveral(input_shape) ? input_shape : [input_shape];
  const [small, large] = SAMPLES.map((samples) => runLayers(net, inputsOf(net, shapes, input_dtype, samples)));
  const lines = small!.map((layer, i) => compared(layer, large!.length === small!.length ? large![i]! : layer));
  return [...layerTable(lines, batch_size), ...totals(net, lines, shapes, Math.abs(batch_size))].join('\n');
}

const isSeveral = (shape: Shape | readonly Shape[]): shape is readonly Shape[] => Array.isArray(shape[0]);

/** Random inputs where the network is. */
function inputsOf(net: Module, shapes: readonly Shape[], types: InputType | readonly InputType[], samples: number): Tensor[] {
  const list = Array.isArray(types) ? (types as readonly InputType[]) : shapes.map(() => types as InputType);
  if (list.length !== shapes.length) throw new ValueError(`got ${shapes.length} input shapes but ${list.length} input dtypes`);
  const device = net.parameters().next().value?.device ?? null;
  return shapes.map((shape, i) => {
    const type = list[i]!;
    const dtype = type instanceof DType ? type : type.dtype;
    const make = dtype.is_floating_point || dtype.is_complex ? torch.rand : torch.zeros;
    return fork_rng(() => make([samples, ...shape], { dtype, device }));
  });
}

/** Runs the network once; its layers in order of execution. */
function runLayers(net: Module, inputs: readonly Tensor[]): Layer[] {
  const layers: Layer[] = [];
  /** How many layers there were when each of the modules began that run now. */
  const begun: number[] = [];
  const hooks = [...net.modules()].flatMap((module) => [
    module.register_forward_pre_hook(() => {
      begun.push(layers.length);
    }),
    module.register_forward_hook((_, __, output) => {
      if (begun.pop() !== layers.length) return;
      const params = [...module.parameters()].reduce((sum, p) => sum + p.numel(), 0);
      layers.push({ name: `${className(module)}-${layers.length + 1}`, outputs: shapesIn(output), params });
    }),
  ]);
  const kept = [...net.named_buffers()].filter(([, buffer]) => !is_lazy(buffer)).map(([name, buffer]) => [name, buffer.clone()] as const);
  try {
    no_grad(() => fork_rng(() => (net as unknown as (...inputs: Tensor[]) => unknown)(...inputs)));
  } finally {
    for (const hook of hooks) hook.remove();
    no_grad(() => {
      for (const [name, buffer] of kept) net.get_buffer(name).copy_(buffer);
    });
  }
  return layers;
}
/** The shapes of the tensors in an output: a tensor, a list, or an object of them. */
function shapesIn(output: unknown): Shape[] {
  if (output instanceof Tensor) return [[...output.shape]];
  if (output === null || typeof output !== 'object') return [];
  return Object.values(output).flatMap(shapesIn);
}

/** A layer's outputs for the small and the large batch: sizes that differ are the batch's. */
function compared(small: Layer, large: Layer): Line {
  const [few, many] = SAMPLES;
  const outputs = small.outputs.map((shape, k) => shape.map((size, d) => (size === (large.outputs[k]?.[d] ?? size) ? size : null)));
  const each = (elements(large.outputs) - elements(small.outputs)) / (many - few);
  return { ...small, outputs, elements: [each, elements(small.outputs) - few * each] };
}
const elements = (shapes: readonly Shape[]): number =>
  shapes.reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0);

function layerTable(lines: readonly Line[], batch: number): string[] {
  const row = (name: string, shape: string, params: string): string => `${name.padStart(20)}  ${shape.padStart(25)} ${params.padStart(15)}`;
  return [
    '-'.repeat(WIDTH),
    row('Layer (type)', 'Output Shape', 'Param #'),
    '='.repeat(WIDTH),
    ...lines.map(({ name, outputs, params }) => {
      const shown = outputs.map((shape) => `[${shape.map((size) => size ?? batch).join(', ')}]`);
      return row(name, shown.length === 1 ? shown[0]! : `[${shown.join(', ')}]`, count(params));
    }),
    '='.repeat(WIDTH),
  ];
}

function totals(net: Module, lines: readonly Line[], inputs: readonly Shape[], samples: number): string[] {
  let [total, trainable] = [0, 0];
  for (const p of net.parameters()) {
    total += p.numel();
    if (p.requires_grad) trainable += p.numel();
  }
  const sized = (numbers: number): number => (numbers * BYTES) / MB;
  const input = sized(elements(inputs) * samples);
  // The outputs once more for their gradients.
  const passes = sized(2 * lines.reduce((sum, { elements: [each, rest] }) => sum + each * samples + rest, 0));
  const params = sized(total);
  return [
    `Total params: ${count(total)}`,
    `Trainable params: ${count(trainable)}`,
    `Non-trainable params: ${count(total - trainable)}`,
    '-'.repeat(WIDTH),
    `Input size (MB): ${fixed(input, 6)}`,
    `Forward/backward pass size (MB): ${fixed(passes, 6)}`,
    `Params size (MB): ${fixed(params, 6)}`,
    `Estimated Total Size (MB): ${fixed(input + passes + params, 6)}`,
    '-'.repeat(WIDTH),
  ];
}
const count = (n: number): string => n.toLocaleString('en-US');
