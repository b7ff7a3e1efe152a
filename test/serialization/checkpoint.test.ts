// torch.save and torch.load: what a value becomes on the way, sharing, map_location, refusals, files as a whole.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { nn } from '../../src/index.ts';
import * as torch from '../../src/index.ts';
import { openFolder } from '../../tools/conformance/data.ts';

const round = <T>(x: T): T => torch.load<T>(torch.save(x));
const interop = openFolder('interop')!;
const stored = (name: string): Uint8Array => interop.bytes(`checkpoint/${name}`);

/** A zip archive of stored entries. */
function archive(entries: Record<string, Uint8Array | string>, method: 0 | 8 = 0): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(entries)) {
    const raw = Buffer.from(content as string, 'latin1');
    const data = method === 0 ? raw : deflateRawSync(raw);
    const label = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(raw.length, 18);
    common.writeUInt16LE(label.length, 22);
    const start = at;
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, label, data]);
    parts.push(local);
    at += local.length;
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(start, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, label]));
  }
  const table = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(table.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, table, end]);
}
/** A checkpoint of a pickle as text, one character a byte. */
const pickled = (text: string, more: Record<string, Uint8Array | string> = {}): Uint8Array =>
  archive({ 'a/data.pkl': text, 'a/version': '3\n', ...more });
const tensorOf = (location: string): string =>
  `\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X${String.fromCharCode(location.length)}\x00\x00\x00${location}K\x02tQK\x00K\x02\x85K\x01\x85\x89NtR.`;

describe('torch.save and torch.load', () => {
  it('keep values and their kinds', () => {
    const value = {
      int: 7,
      big: 2n ** 70n,
      negative: -(2 ** 40),
      float: 0.1,
      nan: Number.NaN,
      text: '火炬 🔥',
      none: null,
      list: [1, [2, [3, []]], true],
      tuple: Object.freeze([1, Object.freeze([])]),
      bytes: new Uint8Array([0, 255]),
      set: new Set([1, 'a']),
      ints: { 0: 'a', 7: 'b' },
      map: new Map<unknown, unknown>([
        ['1', 'text'],
        [5, 'int'],
        [-1, 'negative'],
      ]),
      complex: new torch.Complex(1, -2),
      size: new torch.Size([2, 3]),
      dtype: torch.bfloat16,
      device: torch.device('cpu'),
      __proto__: null,
    };
    const loaded = round(value);
    expect({ ...loaded }).toEqual({ ...value });
    expect(Object.isFrozen(loaded.tuple)).toBe(true);
    expect(Object.isFrozen(loaded.list)).toBe(false);
    expect(loaded.dtype).toBe(torch.bfloat16);
    const hostile = new Map([['__proto__', 1]]);
    expect(Object.getOwnPropertyNames(round(hostile))).toEqual(['__proto__']);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
  it('keep identity: cycles, the same tensor twice, views of one storage', () => {
    const list: unknown[] = [1];
    list.push(list, { list });
    const loaded = round(list) as [number, unknown, { list: unknown }];
    expect(loaded[1]).toBe(loaded);
    expect(loaded[2].list).toBe(loaded);
    const base = torch.arange(6);
    const { a, b, row } = round({ a: base, b: base, row: base.view(2, 3).at(1) });
    expect(a).toBe(b);
    row.fill_(9);
    expect(a.tolist()).toEqual([0, 1, 2, 9, 9, 9]);
    expect(() => torch.save([base, base.view(torch.float64)])).toThrow(
      'Cannot save multiple tensors or storages that view the same data as different types',
    );
  });
  it('carry modules and optimizers by their state', () => {
    const build = (): [nn.Module, torch.optim.Adam] => {
      const net = new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3));
      return [net, new torch.optim.Adam(net.parameters(), { lr: 0.01 })];
    };
    const [net, optimizer] = build();
    (net as nn.Sequential)(torch.ones([4, 2]))
      .sum()
      .backward();
    optimizer.step();
    const saved = round({ net: net.state_dict(), optimizer: optimizer.state_dict() });
    const [other, second] = build();
    other.load_state_dict(saved.net);
    second.load_state_dict(saved.optimizer);
    expect(String(other.state_dict()['0.weight'])).toBe(String(net.state_dict()['0.weight']));
    expect(second.state_dict().param_groups).toEqual(optimizer.state_dict().param_groups);
    expect((saved.net as { _metadata?: object })._metadata).toEqual((net.state_dict() as { _metadata?: object })._metadata);
    for (const whole of [net, { model: net }]) expect(() => torch.save(whole)).toThrow('cannot save a whole Sequential');
    expect(() => torch.save({ a: [() => 1] })).toThrow('cannot save a function (at ["a"][0])');
    expect(() => torch.save({ when: new Date() })).toThrow('cannot save an object of class Date');
    expect(round([new nn.Parameter(torch.ones([2]))])[0]).toBeInstanceOf(nn.Parameter);
  });
  it('place storages by map_location', () => {
    const onGpu = pickled(tensorOf('cuda:0'), { 'a/data/0': '\x00\x00\x80\x3f\x00\x00\x00\x40' });
    expect(() => torch.load(onGpu)).toThrow('Attempting to deserialize object on a CUDA device');
    for (const map of ['cpu', torch.device('cpu'), { 'cuda:0': 'cpu' }, new Map([['cuda:0', 'cpu']]), (storage: never) => storage])
      expect(torch.load<torch.Tensor>(onGpu, map as never).tolist()).toEqual([1, 2]);
    expect(torch.load<torch.Tensor>(onGpu, { map_location: 'cpu', weights_only: true }).tolist()).toEqual([1, 2]);
    expect(torch.load<torch.Tensor>(onGpu, 'meta').device.type).toBe('meta');
    expect(() => torch.load(pickled(tensorOf('foo'), { 'a/data/0': '12345678' }))).toThrow('tagged with foo');
    expect(() => torch.load(pickled(tensorOf('cpu'), { 'a/data/0': '1234' }))).toThrow(
      'record size (4 bytes) does not match expected size (8 bytes',
    );
    const bigEndian = pickled(tensorOf('cpu'), { 'a/byteorder': 'big', 'a/data/0': '\x3f\x80\x00\x00\x40\x00\x00\x00' });
    expect(torch.load<torch.Tensor>(bigEndian).tolist()).toEqual([1, 2]);
  });
  it('read compressed archives and other protocols', () => {
    expect(
      torch.load<torch.Tensor>(archive({ 'a/data.pkl': tensorOf('cpu'), 'a/data/0': '\x00\x00\x80\x3f\x00\x00\x00\x40' }, 8)).tolist(),
    ).toEqual([1, 2]);
    expect(
      torch.load(
        pickled(
          '\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01a\x94\x8c\x08builtins\x94\x8c\x03set\x94\x93\x94]K\x01a\x85R\x94s.',
        ),
      ),
    ).toEqual({ a: new Set([1]) });
  });
  it('run nothing: what is not data is refused by name', () => {
    for (const [name, what] of [
      ['MALICIOUS_eval.pt', 'GLOBAL __builtin__.eval was not an allowed global'],
      ['MALICIOUS_os_system_legacy.pt', 'GLOBAL posix.system was not an allowed global'],
      ['module.pt', 'GLOBAL torch.nn.modules.linear.Linear was not an allowed global by default. .* save its state_dict'],
      ['out_of_bounds.pt', 'requiring a storage size of 4000 are out of bounds for storage of size 16'],
      ['negative_offset.pt', 'invalid storage offset -3'],
      ['truncated.pt', 'failed finding central directory'],
      ['no_pickle.pt', 'failed locating file data.pkl'],
      ['short_storage.pt', 'record size \\(8 bytes\\) does not match'],
      ['empty_file.pt', 'Ran out of input'],
      ['not_a_checkpoint.pt', 'invalid load key'],
      ['legacy_truncated.pt', 'storage 0|longer than what is left|the file ends after'],
    ] as const)
      expect(() => torch.load(stored(name)), name).toThrow(new RegExp(what));
    expect(() => torch.load(stored('module.pt'))).toThrow(torch.UnpicklingError);
    expect(() => torch.load(archive({ 'a/data.pkl': 'N.', 'a/constants.pkl': ').', 'a/code/x.py': '' }))).toThrow(
      'this is a TorchScript archive',
    );
    expect(torch.serialization.get_safe_globals()).toContain('torch._utils._rebuild_tensor_v2');
    expect(() => torch.load(pickled('\x80\x02ctorch.nn.functional\nrelu\n)R.'))).toThrow('GLOBAL torch.nn.functional.relu');
    expect(() => torch.load(pickled('\x80\x02ctorch\nSize\n.'))).toThrow('which is no data');
    expect(() => torch.load(pickled('\x80\x02cconstructor\nconstructor\n.'))).toThrow('GLOBAL constructor.constructor');
  });
  it('take no more memory than the file deserves', () => {
    // One text of 64 kB, passed to a function that copies it, again and again.
    const text = `\x80\x02X\x00\x00\x01\x00${'x'.repeat(65536)}q\x000c_codecs\nencode\nq\x010X\x06\x00\x00\x00latin1q\x020${'h\x01h\x00h\x02\x86R0'.repeat(1e4)}N.`;
    expect(() => torch.load(pickled(text))).toThrow('passes more data around');
    // Entries of an archive that lie over one another.
    const twice = Buffer.from(archive({ 'a/data.pkl': tensorOf('cpu'), 'a/data/0': '12345678', 'a/data/1': '12345678' }));
    const second = twice.lastIndexOf('a/data/1') - 4;
    twice.writeUInt32LE(twice.readUInt32LE(twice.lastIndexOf('a/data/0') - 4), second);
    expect(() => torch.load(twice)).toThrow('reaches into what follows it');
    expect(() => torch.load(pickled(`\x80\x02${']'.repeat(2 ** 22 + 1)}.`))).toThrow('makes more than 4194304 objects');
    const deep = torch.load(pickled(`\x80\x02${']'.repeat(1e5)}${'a'.repeat(1e5 - 1)}.`));
    expect(Array.isArray(deep)).toBe(true);
  });
  it('write files whole, and read them by name, as bytes and as a Blob', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flambeau-'));
    try {
      const path = join(folder, 'net.pt');
      torch.save({ x: torch.arange(3) }, path);
      expect(() => torch.save({ x: torch.arange(4), bad: () => 0 }, path)).toThrow('cannot save a function');
      const bytes = readFileSync(path);
      for (const read of [
        torch.load(path),
        torch.load(bytes),
        torch.load(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)),
        await torch.load(new Blob([bytes])),
      ])
        expect((read as { x: torch.Tensor }).x.tolist()).toEqual([0, 1, 2]);
      const mapped = torch.load<{ x: torch.Tensor }>(path, { mmap: true });
      mapped.x.add_(1);
      expect(mapped.x.tolist()).toEqual([1, 2, 3]);
      expect(() => torch.load(bytes, { mmap: true })).toThrow('f must be a file path');
      expect(readdirSync(folder)).toEqual(['net.pt']);
      expect(Buffer.compare(torch.save({ x: torch.arange(3) }), torch.save({ x: torch.arange(3) }))).toBe(0);
      writeFileSync(path, bytes.subarray(0, 100));
      expect(() => torch.load(path)).toThrow(`${path}: PytorchStreamReader failed`);
      expect(() => torch.load(join(folder, 'none.pt'))).toThrow('ENOENT');
      expect(() => torch.load(3 as never)).toThrow('expected the name of a file or its bytes');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  it('keep sparse tensors', () => {
    const sparse = round(torch.load<torch.Tensor>(stored('sparse.pt')));
    expect(sparse.to_dense().tolist()).toEqual([1, 0, 2, 0]);
    expect(String(sparse)).toContain('nnz=2, layout=torch.sparse_coo)');
    const csr = torch.eye(3).to_sparse_csr();
    expect(String(round(csr))).toBe(String(csr));
  });
});
