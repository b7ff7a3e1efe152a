// What the writer writes equals what torch.utils.tensorboard writes: expected.json is made by tools/oracle/generate_tensorboard.py.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromBinary, toJson } from '@bufbuild/protobuf';
import { decode } from 'fast-png';
import { describe, expect, it, vi } from 'vitest';
import * as torch from '../../src/index.ts';
import { nn } from '../../src/index.ts';
import { type NodeDef, read_events, SummaryWriter, type SummaryValue } from '../../src/utils/tensorboard/index.ts';
import { HParamsPluginDataSchema, MeshPluginDataSchema } from '../../src/utils/tensorboard/generated/tensorboard_pb.ts';
import { temporaryFolder } from './folder.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
interface Expected {
  readonly cases: readonly { method: string; args: Json[]; kwargs: { [key: string]: Json }; values: { step: number; value: Json }[] }[];
  readonly graphs: Readonly<Record<string, readonly Json[]>>;
  readonly projector: Readonly<Record<string, string>>;
}
const { cases, graphs, projector } = JSON.parse(readFileSync(fileURLToPath(new URL('expected.json', import.meta.url)), 'utf8')) as Expected;

/** Tensors of JSON. */
function decoded(x: Json): unknown {
  if (Array.isArray(x)) return x.map(decoded);
  if (typeof x !== 'object' || x === null) return x;
  if (!('tensor' in x)) return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, decoded(value)]));
  const dtype = (torch as unknown as Record<string, torch.DType>)[String(x.dtype)]!;
  if (dtype.is_complex) return torch.view_as_complex(torch.tensor(x.tensor as number[], { dtype: torch.float64 })).to(dtype);
  return torch.tensor(x.tensor as number[], { dtype });
}
/** What a plugin's content says: the order of maps and the spaces of JSON are not part of it. */
function contentOf({ plugin_name, content }: { plugin_name: string; content?: string }): unknown {
  const bytes = Buffer.from(content ?? '', 'base64');
  if (plugin_name === 'hparams') return toJson(HParamsPluginDataSchema, fromBinary(HParamsPluginDataSchema, bytes));
  if (plugin_name !== 'mesh') return { plugin_name, content };
  const mesh = fromBinary(MeshPluginDataSchema, bytes);
  return { ...mesh, jsonConfig: JSON.parse(mesh.jsonConfig) as unknown };
}
function comparable(values: readonly unknown[]): unknown {
  return JSON.parse(
    JSON.stringify(values, (key, value: unknown) => (key === 'plugin_data' ? contentOf(value as Parameters<typeof contentOf>[0]) : value)),
  );
}
/** What protobuf's JSON has for a value that was read. */
function encoded(x: unknown): unknown {
  if (typeof x === 'bigint') return String(x);
  if (x instanceof Uint8Array) return Buffer.from(x).toString('base64');
  if (Array.isArray(x)) return x.map(encoded);
  if (typeof x !== 'object' || x === null) return x;
  return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, encoded(value)]));
}
function withPixels(value: SummaryValue): unknown {
  const bytes = value.image?.encoded_image_string;
  if (!bytes) return encoded(value);
  const { height, width, channels, data } = decode(bytes);
  const { encoded_image_string: _, ...image } = value.image;
  return {
    ...(encoded({ ...value, image: undefined }) as object),
    image: { ...image, pixels: { shape: [height, width, channels], data: [...data] } },
  };
}
function eventFiles(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((f) => join(folder, f));
  return files.filter((f) => statSync(f).isFile() && f.includes('tfevents')).sort();
}
function valuesIn(folder: string): { step: number; value: unknown }[] {
  return eventFiles(folder)
    .flatMap((file) => read_events(file))
    .flatMap(({ event }) => (event.summary?.value ?? []).map((value) => ({ step: Number(event.step), value: withPixels(value) })));
}
/** Numbers may differ by the order of a sum; everything else is the same. */
function expectClose(actual: unknown, expected: unknown, where: string): void {
  if (typeof expected === 'number' && typeof actual === 'number')
    expect(Math.abs(actual - expected), `${where}: ${actual}, not ${expected}`).toBeLessThanOrEqual(1e-7 * Math.abs(expected));
  else if (Array.isArray(expected) && Array.isArray(actual)) {
    expect(actual.length, where).toBe(expected.length);
    expected.forEach((item, i) => {
      expectClose(actual[i], item, `${where}[${i}]`);
    });
  } else if (typeof expected === 'object' && expected !== null) {
    expect(Object.keys(actual as object).sort(), where).toEqual(Object.keys(expected).sort());
    for (const [key, item] of Object.entries(expected)) expectClose((actual as Record<string, unknown>)[key], item, `${where}.${key}`);
  } else expect(actual, where).toEqual(expected);
}

describe('what is written', () => {
  it.each(cases.map((c, i) => [`${i} ${c.method} ${JSON.stringify(c.kwargs).slice(0, 60)}`, c] as const))('%s', (_, c) => {
    using folder = temporaryFolder();
    const writer = new SummaryWriter(folder.path);
    const method = writer[c.method as keyof SummaryWriter] as (...args: unknown[]) => void;
    method.call(writer, ...c.args.map(decoded), decoded(c.kwargs));
    writer.close();

    expectClose(comparable(valuesIn(folder.path)), comparable(c.values), c.method);
  });
});

const shapeOf = (node: NodeDef): number[] | null => {
  const shapes = node.attr?._output_shapes?.list as { shape: { dim?: { size?: bigint }[] }[] } | undefined;
  return shapes ? (shapes.shape[0]!.dim ?? []).map(({ size }) => Number(size ?? 0n)) : null;
};
/** Nodes by scope: a name's last part is made up by whoever traced. */
function described(nodes: readonly NodeDef[]): unknown[] {
  const scope = (node: NodeDef): string => node.name!.slice(0, node.name!.lastIndexOf('/'));
  const byName = new Map(nodes.map((node) => [node.name!, node]));
  return nodes.map((node) => {
    const inputs = (node.input ?? []).map((name) => `${scope(byName.get(name)!)} ${byName.get(name)!.op}`);
    const text = new TextDecoder().decode(node.attr?.attr?.s as Uint8Array);
    return [scope(node), node.op, text, shapeOf(node), inputs];
  });
}
class Mixed extends nn.Module {
  static override readonly __name__: string = 'Mixed';
  block = new nn.Sequential(new nn.Linear(3, 3), new nn.ReLU());
  w = new nn.Parameter(torch.ones([3]));
  declare b: torch.Tensor;
  pool = new nn.MaxPool1d(1);
  bn = new nn.BatchNorm1d(3);
  drop = new nn.Dropout(0.1);
  constructor() {
    super();
    this.register_buffer('b', torch.ones([3]));
  }
  forward(x: torch.Tensor, y: torch.Tensor): torch.Tensor[] {
    let z = this.block(x).mul(this.w).add(this.b);
    z = this.drop(this.bn(z));
    z = this.pool(this.pool(z) as torch.Tensor) as torch.Tensor;
    z = torch.cat([z, y], 1);
    return [z.sum(), torch.tanh(z)];
  }
}
class Net extends nn.Module {
  static override readonly __name__: string = 'Net';
  conv1 = new nn.Conv2d(3, 32, 3);
  pool = new nn.MaxPool2d(2, 2);
  conv2 = new nn.Conv2d(32, 64, 5);
  dropout = new nn.Dropout2d(0.1);
  adaptive_pool = new nn.AdaptiveMaxPool2d([1, 1]);
  flatten = new nn.Flatten();
  linear1 = new nn.Linear(64, 32);
  relu = new nn.ReLU();
  linear2 = new nn.Linear(32, 1);
  sigmoid = new nn.Sigmoid();
  forward(x: torch.Tensor): torch.Tensor {
    x = this.pool(this.conv1(x)) as torch.Tensor;
    x = this.dropout(this.pool(this.conv2(x)) as torch.Tensor);
    x = this.flatten(this.adaptive_pool(x) as torch.Tensor);
    return this.sigmoid(this.linear2(this.relu(this.linear1(x))));
  }
}
class Bag extends nn.Module {
  static override readonly __name__: string = 'Bag';
  embedding = new nn.Embedding(10, 4);
  norm = new nn.LayerNorm(4);
  out = new nn.Linear(4, 2, { bias: false });
  forward(x: torch.Tensor): torch.Tensor {
    return torch.softmax(this.out(this.norm(this.embedding(x).mean(1))), -1);
  }
}

describe('the traced graph', () => {
  it.each<[string, () => nn.Module, unknown]>([
    ['Mixed', () => new Mixed(), [torch.ones([2, 3]), torch.ones([2, 3])]],
    ['Net', () => new Net(), torch.rand([1, 3, 32, 32])],
    ['Bag', () => new Bag(), torch.tensor([[1n, 2n, 3n]])],
  ])('of %s has the nodes and edges of PyTorch', (name, make, input) => {
    using folder = temporaryFolder();
    const writer = new SummaryWriter(folder.path);
    const net = make();
    writer.add_graph(net, input);
    writer.close();
    expect(net.training).toBe(true);
    const [graph] = read_events(eventFiles(folder.path)[0]!).flatMap(({ event }) => event.graph_def ?? []);
    const sorted = (nodes: readonly unknown[]): string[] => nodes.map((node) => JSON.stringify(node)).sort();
    expect(sorted(described(graph!.node!))).toEqual(sorted(graphs[name]!));
    expect(graph!.versions?.producer).toBe(22);
  });
});

describe("the projector's files", () => {
  it('are PyTorch’s', () => {
    using folder = temporaryFolder();
    const writer = new SummaryWriter(folder.path);
    const points = torch.tensor([
      [0.1, 1.0],
      [2.0, -3.5],
      [1e-7, 1e20],
    ]);
    writer.add_embedding(points, ['a', 'b', 'ü'], torch.rand([3, 3, 2, 2]), 1, 'x/y');
    const integers = torch.tensor([
      [1n, 2n],
      [3n, 4n],
      [5n, 6n],
    ]);
    const labels = [
      [1, 'p'],
      [2, 'q'],
      [3, 'r'],
    ];
    writer.add_embedding(integers, labels, { metadata_header: ['n', 'c'] });
    writer.close();
    const found = Object.keys(projector).map((name) => [name, readFileSync(join(folder.path, name), 'utf8')]);
    expect(Object.fromEntries(found)).toEqual(projector);
    const { width, height } = decode(readFileSync(join(folder.path, '00001/x%2fy/sprite.png')));
    expect([width, height]).toEqual([4, 4]);
  });
  it('are not begun for labels of another number', () => {
    using folder = temporaryFolder();
    const writer = new SummaryWriter(folder.path);
    expect(() => writer.add_embedding(torch.ones([2, 2]), ['a'])).toThrow('#labels should equal with #data points');
    const warn = vi.spyOn(console, 'log').mockImplementation(() => {});
    writer.add_embedding(torch.ones([2, 2]));
    writer.add_embedding(torch.ones([2, 2]));
    expect(warn.mock.calls.flat()).toEqual(['warning: Embedding dir exists, did you set global_step for add_embedding()?']);
    warn.mockRestore();
  });
});
