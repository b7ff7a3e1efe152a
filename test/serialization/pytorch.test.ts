// Files that are written here open in PyTorch, where a Python with PyTorch is named by FLAMBEAU_TORCH_PYTHON. The other direction is
// replayed from stored files by the conformance data of kind interop.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dtypes } from '../../src/core/dtype.ts';
import { nn } from '../../src/index.ts';
import * as torch from '../../src/index.ts';

const python = process.env.FLAMBEAU_TORCH_PYTHON;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flambeau-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs Python with `f` the name of a file; what it printed. */
function run(code: string, f: string): string {
  const program = `import sys, torch, numpy as np, collections\ntorch.set_num_threads(1)\nf = sys.argv[1]\n${code}`;
  const { stdout, stderr, status } = spawnSync(python!, ['-W', 'ignore', '-c', program, f], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}
const every = (): Record<string, torch.Tensor> => {
  const names = [
    'bool',
    'uint8',
    'int8',
    'int16',
    'int32',
    'int64',
    'uint16',
    'uint32',
    'uint64',
    'float16',
    'bfloat16',
    'float32',
    'float64',
    'complex64',
    'float8_e4m3fn',
    'float8_e5m2',
  ] as const;
  return Object.fromEntries(names.map((name) => [name, torch.arange(4, { dtype: torch.float32 }).to(dtypes[name])]));
};

describe.skipIf(!python)('PyTorch', () => {
  it('loads what torch.save wrote, with weights_only', () => {
    const f = join(folder, 'x.pt');
    const base = torch.arange(6, { dtype: torch.float32 });
    const value = {
      base,
      t: base.view(2, 3).t(),
      conj: torch.tensor([new torch.Complex(1, 2)]).conj(),
      parameter: new nn.Parameter(torch.ones([1])),
      every: every(),
      list: [1, 2n ** 70n, -0.5, null, true, 'é'],
      tuple: Object.freeze([1, Object.freeze([])]),
      ints: { 0: 'a' },
      map: new Map([[Object.freeze([1, 2]), new Set([3])]]),
      bytes: new Uint8Array([0, 255]),
      kinds: [torch.bfloat16, torch.device('cpu'), new torch.Size([2, 3]), new torch.Complex(1, 2)],
    };
    torch.save(value, f);
    const printed = run(
      `
x = torch.load(f, weights_only=True)
assert x['base'].untyped_storage().data_ptr() == x['t'].untyped_storage().data_ptr() and x['t'].stride() == (1, 3)
assert isinstance(x['parameter'], torch.nn.Parameter) and x['parameter'].requires_grad and x['conj'].is_conj()
assert all(str(v.dtype) == 'torch.' + k and (k == 'bool' or v.float().tolist() == [0, 1, 2, 3]) for k, v in x['every'].items() if k != 'complex64')
print([x[k] for k in ('conj', 'list', 'tuple', 'ints', 'map', 'bytes', 'kinds')])
assert torch.load(f, weights_only=True, mmap=True)['base'].tolist() == [0, 1, 2, 3, 4, 5]`,
      f,
    );
    expect(printed).toBe(
      "[tensor([1.-2.j]), [1, 1180591620717411303424, -0.5, None, True, 'é'], (1, ()), {0: 'a'}, {(1, 2): {3}}, b'\\x00\\xff', [torch.bfloat16, device(type='cpu'), torch.Size([2, 3]), (1+2j)]]",
    );
  });
  it('goes on where a model and its optimizer were saved here', () => {
    const f = join(folder, 'net.pt');
    torch.manual_seed(0);
    const net = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 1));
    const optimizer = new torch.optim.AdamW(net.parameters(), { lr: 0.1, amsgrad: true });
    const step = (): number => {
      optimizer.zero_grad();
      const loss = net(torch.arange(12, { dtype: torch.float32 }).reshape(4, 3))
        .square()
        .sum();
      loss.backward();
      optimizer.step();
      return loss.item();
    };
    step();
    torch.save({ net: net.state_dict(), optimizer: optimizer.state_dict() }, f);
    step();
    const printed = run(
      `
from torch import nn
x = torch.load(f)
net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
net.load_state_dict(x['net'])
assert type(x['net']) is collections.OrderedDict and x['net']._metadata['1'] == {'version': 2}
optimizer = torch.optim.AdamW(net.parameters())
optimizer.load_state_dict(x['optimizer'])
for k in range(2):
    optimizer.zero_grad()
    loss = net(torch.arange(12.).reshape(4, 3)).square().sum()
    loss.backward()
    optimizer.step()
print(loss.item())`,
      f,
    );
    expect(step()).toBeCloseTo(Number(printed), 4);
  });
  it('reads safetensors and NumPy files', () => {
    const f = join(folder, 'x');
    const { float8_e4m3fn: _, float8_e5m2: __, bfloat16: ___, ...numpy } = every();
    torch.serialization.save_safetensors(every(), `${f}.safetensors`, { metadata: { a: 'b' } });
    torch.serialization.save_numpy(numpy, `${f}.npz`, { compressed: true });
    torch.serialization.save_numpy(torch.arange(6).reshape(2, 3).t(), `${f}.npy`);
    const printed = run(
      `
from safetensors import safe_open
with safe_open(f + '.safetensors', 'pt') as s:
    print(s.metadata(), all(str(s.get_tensor(k).dtype) == 'torch.' + k for k in s.keys()), len(s.keys()))
z = np.load(f + '.npz')
print(all(z[k].dtype.name == k for k in z), len(z.files), np.load(f + '.npy').tolist(), np.load(f + '.npy').flags.f_contiguous)`,
      f,
    );
    expect(printed).toBe("{'a': 'b'} True 16\nTrue 13 [[0, 3], [1, 4], [2, 5]] True");
  });
});
