// What a bundler makes of the built package: it keeps what is needed, prints right names when it is minified, and stays within its size.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../helpers/package.ts';

const dir = mkdtempSync(join(tmpdir(), 'flambeau-bundle-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The program as one minified file for pages, or left to Node.js. */
async function bundle(program: string, minify = true): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
    tsconfigRaw: {}, // the repository's own maps the package's names to its sources
    bundle: true,
    minify,
    format: 'esm',
    platform: minify ? 'browser' : 'node',
    packages: minify ? 'bundle' : 'external',
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0]!.contents;
}
/** What a program prints in Node.js on the reference backend: a bundle lies far from the backends' files. */
function printed(file: string, code: Uint8Array): string {
  writeFileSync(file, code);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, FLAMBEAU_BACKEND: 'reference' },
  });
  if (status !== 0) throw new Error(stderr.slice(-2000));
  return stdout;
}
/** Prints names of everything that has one: modules, optimizers, errors, dtypes, nodes of the graph, tensors. */
const NAMES = `
import * as torch from 'flambeau';
import { nn, optim } from 'flambeau';
class Doubled extends torch.autograd.Function {
  static forward(ctx, x) { return x.mul(2); }
  static backward(ctx, g) { return g.mul(2); }
}
const net = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU(), new nn.LSTM(3, 4), new nn.ModuleList([new nn.Conv2d(1, 2, { kernel_size: 3 })]));
console.log(String(net), String(new nn.TransformerEncoderLayer(8, 2)), String(new nn.ParameterList([new nn.Parameter(torch.ones([2]))])));
for (const [name, value] of Object.entries(nn)) if (typeof value === 'function' && '__name__' in value) console.log(name, value.__name__);
const x = torch.ones([2, 2]).requires_grad_();
console.log(String(x.mul(2).sigmoid()), x.mm(x).grad_fn.name(), String(torch.float32), String(torch.device('cpu')), String(x.shape));
for (const make of [() => new optim.Adam(x.sum ? [x] : []), () => new optim.SGD([x], { lr: 0.1 })]) console.log(String(make()));
for (const fail of [
  () => x.view(3), () => torch.sum(net), () => new nn.Linear(2, 3)(torch.ones([3, 3])), () => torch.zeros([2], { dtype: 'float' }),
  () => net.load_state_dict({}), () => torch.ones([2]).at(5), () => new optim.Adam([], {}), () => torch.cat(net),
]) try { fail(); console.log('no error'); } catch (error) { console.log(error.name, error.message, error instanceof torch.RuntimeError, error instanceof torch.IndexError); }
console.log(Doubled.name.length > 0, torch.typename(x), torch.typename(net));
`;

describe('a bundle', () => {
  it('prints the names that the package prints', async () => {
    const whole = printed(join(root, 'dist/.names.mjs'), await bundle(NAMES, false));
    rmSync(join(root, 'dist/.names.mjs'));
    const lines = printed(join(dir, 'names.mjs'), await bundle(NAMES)).split('\n');
    expect(lines).toEqual(whole.split('\n'));
    expect(lines[0]).toBe('Sequential(');
    expect(lines[1]).toBe('  (0): Linear(in_features=2, out_features=3, bias=True)');
  });
  it('keeps the members of tensors where only a layer is imported', async () => {
    const program = `import { Linear } from 'flambeau/nn'; console.log(new Linear(2, 3).weight.t().shape.tolist?.() ?? [...new Linear(2, 3).weight.t().shape]);`;
    expect(printed(join(dir, 'members.mjs'), await bundle(program))).toBe('[ 2, 3 ]\n');
  });
});

/** Bytes of a page after compression. The reasons are in docs/decisions/009-size.md. */
const kilobytes = (bytes: Uint8Array): number => gzipSync(bytes, { level: 9 }).length / 1000;
const LIMITS: readonly (readonly [what: string, limit: number, measure: () => Promise<Uint8Array> | Uint8Array])[] = [
  ['tensors with all operators and their gradients', 260, () => bundle(`import { grad } from 'flambeau/autograd'; console.log(grad)`)],
  ['everything', 400, () => bundle(`import * as torch from 'flambeau'; console.log(torch)`)],
  ['flambeau.wasm', 700, () => readFileSync(join(root, 'native/build/flambeau.wasm'))],
  ['flambeau-threads.wasm', 700, () => readFileSync(join(root, 'native/build/flambeau-threads.wasm'))],
];
describe('the size, compressed,', () => {
  it.each(LIMITS)('of %s is at most %d kB', async (what, limit, measure) => {
    const size = kilobytes(await measure());
    console.log(`${what}: ${size.toFixed(1)} kB of at most ${limit} kB`);
    expect(size).toBeLessThanOrEqual(limit);
  });
});
