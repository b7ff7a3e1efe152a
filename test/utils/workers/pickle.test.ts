// What goes to a worker, and what does not: pickles that are cloned as a message is.
import { describe, expect, it } from 'vitest';
import * as torch from '../../../src/index.ts';
import { type Pickle, pickle } from '../../../src/utils/data/workers/pickle.ts';
import { Inspector, locate, resolve } from '../../../src/utils/data/workers/references.ts';
import { unpickle } from '../../../src/utils/data/workers/unpickle.ts';
import Unnamed, { add, File, make, Node, Reduced, Secret, Tags } from './luggage.ts';

function sent<T>(value: T): T {
  const inspector = new Inspector();
  try {
    return unpickle(structuredClone(pickle(value, 'it', inspector)) as Pickle, (reference) => resolve(reference)!) as T;
  } finally {
    inspector.close();
  }
}
const refusal = (value: unknown): string => {
  try {
    sent(value);
  } catch (e) {
    return (e as Error).message;
  }
  return 'it travelled';
};

describe('a pickle', () => {
  it('keeps values, classes, identities and cycles', () => {
    const node = new Node('a');
    node.next = node;
    const shared = new Float32Array([1, 2]);
    const value = {
      node,
      again: node,
      list: Object.assign([1, 'x', null, undefined, 2n, true], { note: 'own' }),
      tags: new Tags([['m', 1]]),
      set: new Set([node]),
      when: new Date(5),
      pattern: /a+/g,
      typed: shared,
      view: shared.subarray(1),
      bytes: Buffer.from('abc'),
      url: new URL('file:///x'),
      key: Symbol.for('k'),
      bare: Object.assign(Object.create(null) as object, { q: 1 }),
      unnamed: new Unnamed(),
    };
    const got = sent(value);
    expect(got).toEqual(value);
    expect(got.node).toBeInstanceOf(Node);
    expect([got.node.next, got.again, [...got.set][0]]).toEqual([got.node, got.node, got.node]);
    expect(got.node).not.toBe(node);
    expect(got.tags).toBeInstanceOf(Tags);
    expect(got.unnamed).toBeInstanceOf(Unnamed);
    expect(got.typed.buffer).toBe(got.view.buffer);
    expect(Buffer.isBuffer(got.bytes)).toBe(true);
    expect(Object.getPrototypeOf(got.bare)).toBeNull();
  });
  it('finds functions, operators and classes again', () => {
    expect(sent([add, torch.relu, Math.max === undefined ? null : parseInt, Node])).toEqual([add, torch.relu, parseInt, Node]);
  });
  it('asks __getstate__, __setstate__ and __reduce__', () => {
    const file = sent(new File('/x'));
    expect([file.path, file.handle]).toEqual(['/x', null]);
    expect(file).toBeInstanceOf(File);
    expect(sent(new Reduced(['a'])).parts).toEqual(['a', 'again']);
  });
  it('shares the memory of tensors and keeps what they are', () => {
    const x = torch.arange(6, { dtype: torch.float64 }).view(2, 3);
    const got = sent({ x, row: x.at(1), labels: torch.tensor([1, 2]), dtype: torch.int64, device: torch.device('cpu') });
    got.row.mul_(2);
    expect(x.tolist()).toEqual([
      [0, 1, 2],
      [6, 8, 10],
    ]);
    expect(got.x.tolist()).toEqual(x.tolist());
    expect([got.dtype, got.device]).toEqual([torch.int64, torch.device('cpu')]);
    expect(got.dtype).toBe(torch.int64);
    expect(torch.zeros([3]).at(got.labels).shape).toEqual(torch.Size.of(2));
    expect(() => sent(torch.ones([1], { requires_grad: true }).mul(2))).toThrow('Cowardly refusing to serialize non-leaf tensor');
  });
  it('keeps modules callable, and generators where they are', () => {
    const net = new torch.nn.Sequential(new torch.nn.Linear(2, 3), new torch.nn.BatchNorm1d(3)).eval();
    const got = sent(net);
    const x = torch.randn([4, 2]);
    expect(String(got)).toBe(String(net));
    expect(torch.equal(got(x), net(x))).toBe(true);
    expect(got.training).toBe(false);
    expect([...got.named_parameters()].map(([name, p]) => [name, p.requires_grad])).toEqual(
      [...net.named_parameters()].map(([name]) => [name, true]),
    );
    const generator = new torch.Generator().manual_seed(3);
    torch.randn([3], { generator });
    const copy = sent(generator);
    expect(torch.randn([5], { generator: copy }).tolist()).toEqual(torch.randn([5], { generator }).tolist());
  });
  it('says what cannot travel and where it is', () => {
    const { add: inner, Node: Inner } = make(2);
    expect(refusal({ deep: [inner] })).toMatch(
      /^it\.deep\[0\] is the function add, which is made inside luggage\.ts, and no export of it$/,
    );
    expect(refusal(new Inner())).toMatch(/^it is an instance of the class Node, which is made inside/);
    expect(refusal(new Secret())).toMatch(/^it is an instance of Secret, whose #private fields/);
    expect(refusal({ wait: Promise.resolve() })).toMatch(/^it\.wait is a Promise/);
    expect(refusal({ key: Symbol('s') })).toMatch(/^it\.key is a symbol/);
    const inspector = new Inspector();
    expect(locate(add, inspector)).toMatchObject({ name: 'add', url: expect.stringContaining('luggage.ts') });
    inspector.close();
  });
});
