// Builds the package: dist/ by TypeScript, the native addon where a C++ compiler exists, the WebAssembly modules; all in one pool of jobs.
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativePart } from './build-native.mjs';
import { wasmPart } from './build-wasm.mjs';
import { runParts } from './jobs.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
if (!existsSync(`${root}/tsconfig.build.json`)) process.exit(0); // an installed package is built already

function compile(project) {
  const compiler = fileURLToPath(import.meta.resolve('typescript/package.json')).replace(/package\.json$/, 'bin/tsc');
  return new Promise((resolve, reject) => {
    spawn(process.execPath, [compiler, '-p', project], { cwd: root, stdio: 'inherit' }).on('close', (code) =>
      code === 0 ? resolve() : reject(new Error('see above')),
    );
  });
}
/** The library, and the dashboard's page, which is for the browser. */
async function typescript() {
  await compile('tsconfig.build.json');
  await compile('src/board/page/tsconfig.json');
  const page = join(root, 'src/board/page');
  for (const file of readdirSync(page)) if (/\.(html|css|svg)$/.test(file)) copyFileSync(join(page, file), join(dist, 'board/page', file));
}
/** Removes what was made of sources that are gone. */
function prune() {
  for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const source = file.match(/^(.*)\.(?:js|d\.ts)(?:\.map)?$/)?.[1];
    if (source !== undefined && !existsSync(join(root, 'src', `${source}.ts`))) rmSync(join(dist, file));
  }
}
const names = ['TypeScript', 'WebAssembly', 'native'];
const errors = await runParts([{ jobs: [{ weight: 20, run: typescript }], finish: prune }, wasmPart(), nativePart()]);
errors.forEach((error, i) => {
  if (error) console.error(`flambeau: the ${names[i]} build failed: ${error.message}`);
});
// Without the addon WebAssembly serves; without the others there is nothing to use.
process.exit(errors[0] || errors[1] ? 1 : 0);
