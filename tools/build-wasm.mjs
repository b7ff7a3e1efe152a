// Builds native/build/flambeau.wasm and flambeau-threads.wasm with Clang from npm. The objects are the same; the linker makes one module for memory
// of its own and one for memory that workers share. Each source is compiled once, and again only when it or a header changed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { secondsFor } from './build-native.mjs';
import { runParts } from './jobs.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const native = join(root, 'native');
const build = join(native, 'build');
const objects = join(build, 'obj', 'wasm');

const COMPILE = [
  '-std=c++20',
  '-O2',
  '-msimd128',
  '-matomics',
  '-mbulk-memory',
  '-ffp-contract=off',
  '-fwrapv',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-fno-exceptions',
  '-fno-rtti',
  '-fno-threadsafe-statics',
  '-fvisibility=hidden',
  '-DFLAMBEAU_LEVEL=wasm',
  '-DFLAMBEAU_WASM_THREADS',
  '-DNDEBUG',
];
const EXPORTS = ['__stack_pointer', '__tls_base', '__tls_size', '__tls_align', '__wasm_init_tls', '__heap_base'];
const LINK = [
  '-nostartfiles',
  '-Wl,--no-entry',
  '-Wl,--import-memory',
  '-Wl,--max-memory=4294967296',
  '-Wl,--stack-first',
  '-Wl,-z,stack-size=1048576',
  '-Wl,--gc-sections',
  '-Wl,--strip-all',
  '-Wl,--export-if-defined=__wasm_call_ctors',
  ...EXPORTS.map((name) => `-Wl,--export-if-defined=${name}`),
  ...['malloc', 'calloc', 'realloc', 'aligned_alloc', 'free'].map((name) => `-Wl,--wrap=${name}`),
];
const VARIANTS = {
  'flambeau.wasm': [],
  // The C library was compiled without atomics; what it shares is behind the lock of wasm.cpp.
  'flambeau-threads.wasm': ['-Wl,--shared-memory', '-Wl,--no-check-features'],
};

const sources = [
  'wasm.cpp',
  'threads.cpp',
  ...readdirSync(join(native, 'kernels'))
    .filter((file) => file.endsWith('.cpp'))
    .sort()
    .map((file) => `kernels/${file}`),
];
const read = (file) => readFileSync(join(native, file));

/** The source and all headers of ours that it includes. */
function closure(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, name] of read(file)
    .toString()
    .matchAll(/^\s*#include "([^"]+)"/gm)) {
    const header = join(dirname(file), name);
    if (existsSync(join(native, header))) closure(header, found);
  }
  return found;
}
const objectOf = (file) => join(objects, `${basename(file, '.cpp')}.o`);
function fingerprint(file) {
  const hash = createHash('sha256').update(COMPILE.join('\n'));
  for (const part of closure(file)) hash.update(part).update(read(part));
  return hash.digest('hex');
}
const isCurrent = (file) =>
  existsSync(objectOf(file)) && existsSync(`${objectOf(file)}.key`) && readFileSync(`${objectOf(file)}.key`, 'utf8') === fingerprint(file);

/** Files appear whole, also when the build is interrupted. */
function put(path, contents) {
  writeFileSync(`${path}.${process.pid}.tmp`, contents);
  renameSync(`${path}.${process.pid}.tmp`, path);
}
/** Nested objects, as Clang's file system has it. */
function tree(files) {
  const top = {};
  for (const [path, contents] of files) {
    const parts = path.split('/');
    let at = top;
    for (const part of parts.slice(0, -1)) at = at[part] ??= {};
    at[parts.at(-1)] = contents;
  }
  return top;
}
async function clang(args, files) {
  const { commands } = await import('@yowasp/clang');
  let log = '';
  const write = (bytes) => {
    if (bytes) log += Buffer.from(bytes).toString();
  };
  try {
    return await commands['clang++'](args, tree(files), { stdout: write, stderr: write, fetchProgress: () => {} });
  } catch (error) {
    throw new Error(`${error.message}\n${log}`);
  }
}
async function compile(file) {
  const key = fingerprint(file);
  const made = await clang(
    [...COMPILE, '-c', file, '-o', 'object.o'],
    [...closure(file)].map((part) => [part, read(part)]),
  );
  put(objectOf(file), made['object.o']);
  put(`${objectOf(file)}.key`, key);
}
async function link() {
  const files = sources.map((file) => [`${basename(file, '.cpp')}.o`, readFileSync(objectOf(file))]);
  for (const [output, flags] of Object.entries(VARIANTS)) {
    const made = await clang([...LINK, ...flags, ...files.map(([name]) => name), '-o', output], files);
    put(join(build, output), made[output]);
  }
}
const LINK_TASK = 'link';
/** Workers with a Clang of their own that wait for a task. */
const idle = [];
function inWorker(task) {
  const worker = idle.pop() ?? new Worker(new URL(import.meta.url));
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', () => {
      worker.off('error', reject);
      idle.push(worker);
      resolve();
    });
    worker.postMessage(task);
  });
}
/** The WebAssembly part of a build (see jobs.mjs): what is out of date, then the two modules. */
export function wasmPart() {
  import.meta.resolve('@yowasp/clang');
  mkdirSync(objects, { recursive: true });
  const stale = sources.filter((file) => !isCurrent(file));
  return {
    jobs: stale.map((file) => ({ weight: secondsFor(join(native, file)) * 1.5, run: () => inWorker(file) })),
    finish: async () => {
      if (stale.length > 0 || Object.keys(VARIANTS).some((output) => !existsSync(join(build, output)))) await inWorker(LINK_TASK);
      await Promise.all(idle.splice(0).map((worker) => worker.terminate()));
    },
  };
}

if (!isMainThread) {
  console.log = () => {}; // Clang reports how its own files load
  parentPort.on('message', async (task) => {
    await (task === LINK_TASK ? link() : compile(task));
    parentPort.postMessage(task);
  });
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [error] = await runParts([wasmPart()]);
  if (error) {
    console.error(`flambeau: the WebAssembly build failed: ${error.message}`);
    process.exit(1);
  }
}
