// Builds native/build/flambeau-<platform>-<arch>.node: every kernel file once per ISA level that it makes, the addon and the thread pool once.
// Without a C++ compiler it says so in one line and succeeds: WebAssembly serves.
//   --all-levels          the levels of the package, not only the baseline and this CPU's best
//   --levels=avx2,avx512  only these
//   --sanitize=address    with AddressSanitizer and UBSan, or =thread with ThreadSanitizer, into native/build/sanitize-…: see tools/sanitize
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runParts } from './jobs.mjs';

const { values: options } = parseArgs({
  options: { 'all-levels': { type: 'boolean' }, levels: { type: 'string' }, sanitize: { type: 'string' } },
});
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const native = join(root, 'native');
const build = join(native, 'build', options.sanitize ? `sanitize-${options.sanitize}` : '');
const objects = join(build, 'obj');
const output = join(build, `flambeau-${process.platform}-${process.arch}.node`);

/** The flags of each ISA level. The order is the link order: see link(). */
const LEVELS =
  process.arch === 'x64'
    ? {
        baseline: ['-msse2'],
        avx2: ['-mavx2', '-mfma', '-mf16c', '-mbmi2'],
        // g++ 12 takes the undefined pass-through operand of its own AVX-512 intrinsics for an uninitialised variable.
        avx512: ['-march=x86-64-v4', '-mprefer-vector-width=512', '-Wno-uninitialized'],
      }
    : { baseline: [] };

// A build in a clone makes the baseline and the best level of this CPU; --all-levels makes the package's.
if (LEVELS.avx512 && !options['all-levels'] && existsSync('/proc/cpuinfo')) {
  const flags = readFileSync('/proc/cpuinfo', 'utf8');
  if (!/\bavx512f\b/.test(flags)) delete LEVELS.avx512;
  if (!/\bavx2\b/.test(flags)) delete LEVELS.avx2;
  if (LEVELS.avx512 && !options.levels) delete LEVELS.avx2;
}
if (options.levels) for (const level of Object.keys(LEVELS)) if (!options.levels.split(',').includes(level)) delete LEVELS[level];

/** Checks that report and go on: tools/sanitize reads the reports. */
const SANITIZERS = {
  // Not checked: alignment (kernels load vectors from any address on purpose, simd.hpp), and what AddressSanitizer sees when it matters.
  address: [
    '-fsanitize=address,undefined,float-cast-overflow',
    '-fno-sanitize=alignment,vptr,null,object-size,pointer-overflow',
    '-fsanitize-recover=all',
  ],
  thread: ['-fsanitize=thread'],
};
if (options.sanitize && !SANITIZERS[options.sanitize]) throw new Error(`--sanitize is address or thread, not ${options.sanitize}`);
const SANITIZE = options.sanitize ? [...SANITIZERS[options.sanitize], '-g1', '-O1', '-fno-omit-frame-pointer'] : [];

const COMMON = [
  '-std=c++20',
  // Kernels unroll by hand where it matters; -O3 gains nothing on them, and takes minutes over the AVX-512 products.
  '-O2',
  '-ftree-vectorize',
  '-fPIC',
  '-pthread',
  '-ffp-contract=off',
  // Integer arithmetic wraps, in tensors and in the bit tricks of vmath.hpp.
  '-fwrapv',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-fvisibility=hidden',
  '-fvisibility-inlines-hidden',
  '-Wall',
  '-Wextra',
  ...SANITIZE,
];

function findCompiler() {
  for (const candidate of [process.env.CXX, 'g++', 'clang++', 'c++']) {
    if (!candidate) continue;
    const [command, ...prefix] = candidate.split(' ');
    const version = spawnSync(command, [...prefix, '--version'], { encoding: 'utf8' });
    if (version.status === 0) return { command, prefix, clang: /clang/i.test(version.stdout) };
  }
  return undefined;
}

/** About how long a core compiles a source: the paths of products are templates of many sizes. */
export const secondsFor = (source) => (statSync(source).size / 3000) * (source.endsWith('gemm_paths.cpp') ? 4 : 1);

/** One translation unit: its source, object and the command that makes it. */
function unit(compiler, source, level) {
  const object = join(objects, level ?? '', `${basename(source, '.cpp')}.o`);
  const levelFlags = level
    ? [...LEVELS[level], `-DFLAMBEAU_LEVEL=${level}`]
    : Object.keys(LEVELS).map((built) => `-DFLAMBEAU_HAS_${built.toUpperCase()}`);
  // g++ notes that passing vectors changes the ABI with the ISA: each level is a closed world.
  const dialect = compiler.clang
    ? ['-Wno-unknown-warning-option']
    : ['-fvect-cost-model=dynamic', '-Wno-psabi', '-Wno-maybe-uninitialized'];
  const include = level ? [] : ['-isystem', join(root, 'node_modules', 'node-api-headers', 'include')];
  const flags = [...compiler.prefix, ...COMMON, ...dialect, ...levelFlags, ...include];
  // Objects appear whole: a build that was interrupted, or runs twice at a time, leaves no half of one.
  const partial = `${object}.${process.pid}.tmp`;
  const weight = secondsFor(source) * (level === 'avx512' ? 3 : 1);
  return { source, object, partial, weight, command: compiler.command, flags };
}

/** Whether the object is older than its command line, its source or any header that it included. */
function isStale({ object, command, flags }) {
  if (!existsSync(object) || !existsSync(`${object}.d`) || !existsSync(`${object}.cmd`)) return true;
  if (readFileSync(`${object}.cmd`, 'utf8') !== [command, ...flags].join('\n')) return true;
  const built = statSync(object).mtimeMs;
  const dependencies =
    readFileSync(`${object}.d`, 'utf8')
      .replace(/\\\n/g, ' ')
      .split(': ')[1]
      .match(/(?:\\ |\S)+/g) ?? [];
  return dependencies.some((file) => !existsSync(file) || statSync(file).mtimeMs > built);
}

function execute(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} failed (${code}) on ${args.find((arg) => arg.endsWith('.cpp')) ?? 'linking'}`)),
    );
  });
}

async function compile({ command, flags, object, partial, source }) {
  await execute(command, [...flags, '-MMD', '-MF', `${object}.d`, '-MT', 'object', '-c', source, '-o', partial]);
  renameSync(partial, object);
  writeFileSync(`${object}.cmd`, [command, ...flags].join('\n'));
}

/**
 * Links with the baseline objects first. Inline functions and templates of the standard library may be compiled at several levels under one name,
 * and the linker keeps the first: every such function that baseline code can reach is then the baseline one.
 */
async function link(compiler, units) {
  const partial = `${output}.${process.pid}.tmp`;
  const platform =
    process.platform === 'darwin'
      ? ['-undefined', 'dynamic_lookup']
      : // nodelete: the pool's threads outlive the worker environment that loaded the addon.
        [
          ...(options.sanitize ? [] : ['-static-libstdc++', '-static-libgcc']),
          '-Wl,-z,nodelete',
          '-Wl,--exclude-libs,ALL',
          '-Wl,--gc-sections',
        ];
  await execute(compiler.command, [
    ...compiler.prefix,
    '-shared',
    '-pthread',
    ...SANITIZE,
    ...units.map((u) => u.object),
    ...platform,
    '-o',
    partial,
  ]);
  renameSync(partial, output);
}

/** The native part of a build (see jobs.mjs): what is out of date, then the link. */
export function nativePart() {
  const compiler = findCompiler();
  if (!compiler) {
    console.log('flambeau: no C++ compiler found, the native backend is not built (WebAssembly serves)');
    return { jobs: [], finish: () => {} };
  }
  for (const level of Object.keys(LEVELS)) mkdirSync(join(objects, level), { recursive: true });
  const kernels = readdirSync(join(native, 'kernels'))
    .filter((file) => file.endsWith('.cpp'))
    .sort();
  const units = [
    ...['addon.cpp', 'threads.cpp'].map((file) => unit(compiler, join(native, file))),
    ...Object.keys(LEVELS).flatMap((level) => kernels.map((file) => unit(compiler, join(native, 'kernels', file), level))),
  ];
  const stale = units.filter(isStale);
  return {
    jobs: stale.map((one) => ({ weight: one.weight, run: () => compile(one) })),
    finish: () => (stale.length > 0 || !existsSync(output) ? link(compiler, units) : undefined),
  };
}
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [error] = await runParts([nativePart()]);
  if (error) {
    console.error(`flambeau: native build failed: ${error.message}`);
    process.exitCode = 1;
  }
}
