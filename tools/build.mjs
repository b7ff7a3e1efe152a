// Builds the package: dist/ by TypeScript, the native addon where a C++ compiler exists, the WebAssembly modules.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
if (!existsSync(`${root}/tsconfig.build.json`)) process.exit(0); // an installed package is built already

function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  return status ?? 1;
}
const compiler = fileURLToPath(import.meta.resolve('typescript/package.json')).replace(/package\.json$/, 'bin/tsc');
const typescript = run(compiler, '-p', 'tsconfig.build.json') || run(compiler, '-p', 'src/board/page/tsconfig.json');
// The dashboard's page beside its scripts.
const page = join(root, 'src/board/page');
for (const file of readdirSync(page))
  if (/\.(html|css|svg)$/.test(file)) copyFileSync(join(page, file), join(root, 'dist/board/page', file));
run('tools/build-native.mjs'); // prints its own line when there is no compiler
const wasm = run('tools/build-wasm.mjs');
process.exit(typescript || wasm);
