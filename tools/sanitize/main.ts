// Runs the kernels under checkers of the compiler, over real calls: the addon is built with them and Node.js loads it into their runtime.
//   npm run sanitize -- [--checker address,thread] [--level baseline|avx2|avx512] [--full]
// address: AddressSanitizer and UBSan over every family of kernels, a training step and PyTorch's operator data (--full: all of it).
// thread: ThreadSanitizer over the thread pool and the kernels that split their work, with several isolates at once.
// Each checker must first see a deliberate mistake. Needs g++ (or the compiler in CXX) on Linux.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    checker: { type: 'string', default: 'address,thread' },
    level: { type: 'string' },
    full: { type: 'boolean', default: false },
  },
});

const vitest = (...files: string[]): readonly string[] => [
  'npx',
  'vitest',
  'run',
  '--project',
  'fast',
  '-t',
  '^(?!(gate on )?(reference|wasm))',
  ...files,
];
const TSX = ['node', '--import', 'tsx'];
/** PyTorch's data for the eyes of a checker; what is right is the conformance tests' business. */
const conformance = (...args: string[]): readonly string[] => [
  ...TSX,
  'tools/conformance/main.ts',
  '--backend',
  'native',
  '--allow-failures',
  '--failures',
  '0',
  '--kind',
  ...args,
];
interface Checker {
  /** What is loaded before everything else. */
  readonly libraries: readonly string[];
  /** The level that is checked where none is named: '' is this machine's best. */
  readonly level: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly mistake: string;
  /** How a command starts. */
  readonly prefix: readonly string[];
  readonly commands: readonly (readonly string[])[];
}
/** Operators with kernels of their own; the others are formulas, which the properties cover. */
const ACCELERATED =
  '^ops/(nn.functional.(conv|max_pool|avg_pool|adaptive|layer_norm|group_norm|batch_norm|embedding|interpolate|grid_sample|unfold|scaled_dot|cross|softmax)|index|gather|scatter|masked|sort|topk|cum|mm|bmm|addmm|matmul|var|argmax|amax|prod|sum)';
const CHECKERS: Readonly<Record<string, Checker>> = {
  address: {
    libraries: ['libasan.so', 'libubsan.so', 'libstdc++.so'],
    level: '',
    environment: {
      ASAN_OPTIONS: 'detect_leaks=0:halt_on_error=0',
      UBSAN_OPTIONS: 'print_stacktrace=1',
      FLAMBEAU_SLABS: '0',
      FLAMBEAU_THREADS: '2',
    },
    mistake: 'overrun',
    prefix: [],
    commands: [
      vitest('test/backend/families.test.ts', 'test/backend/properties.test.ts', 'test/backend/isolates.test.ts', 'test/gate'),
      ...(options.full ? [conformance('ops'), conformance('modules,optim,random')] : [conformance('ops', '--only', ACCELERATED)]),
    ],
  },
  thread: {
    libraries: ['libtsan.so', 'libstdc++.so'],
    // Where work is split does not depend on the instruction set.
    level: 'baseline',
    // V8 is not compiled for the checker: what only V8 touches is not judged.
    environment: { TSAN_OPTIONS: 'ignore_noninstrumented_modules=1:halt_on_error=0', FLAMBEAU_THREADS: '4' },
    mistake: 'race',
    // The checker's memory layout allows no more randomness of addresses.
    prefix: ['setarch', '-R'],
    commands: [vitest('test/backend/threads.test.ts', 'test/backend/isolates.test.ts', 'test/backend/families.test.ts')],
  },
};

const reports = mkdtempSync(join(tmpdir(), 'flambeau-sanitize-'));
function run(name: string, checker: Checker, level: string, command: readonly string[]): { status: number; findings: string[] } {
  const compiler = process.env.CXX?.split(' ')[0] ?? 'g++';
  const library = (file: string): string => execFileSync(compiler, [`-print-file-name=${file}`], { encoding: 'utf8' }).trim();
  const log = join(reports, name);
  const environment: Record<string, string> = Object.fromEntries(
    Object.entries(checker.environment).map(([key, value]) => [key, key.endsWith('_OPTIONS') ? `${value}:log_path=${log}` : value]),
  );
  const [program, ...args] = [...checker.prefix, ...command] as [string, ...string[]];
  const { status } = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      ...environment,
      LD_PRELOAD: checker.libraries.map(library).join(' '),
      FLAMBEAU_BACKEND: 'native',
      FLAMBEAU_ADDON: join(root, `native/build/sanitize-${name}/flambeau-${process.platform}-${process.arch}.node`),
      FLAMBEAU_CPU: level,
    },
  });
  const files = readdirSync(reports).filter((file) => file.startsWith(name));
  const findings = files.map((file) => readFileSync(join(reports, file), 'utf8'));
  for (const file of files) rmSync(join(reports, file));
  return { status: status ?? 1, findings };
}
/** The best level of this machine. */
function best(): string {
  const flags = readFileSync('/proc/cpuinfo', 'utf8');
  return /\bavx512f\b/.test(flags) ? 'avx512' : /\bavx2\b/.test(flags) ? 'avx2' : 'baseline';
}

try {
  for (const name of options.checker.split(',')) {
    const checker = CHECKERS[name];
    if (!checker) throw new Error(`no checker is called ${name}: there are ${Object.keys(CHECKERS).join(' and ')}`);
    const level = options.level ?? (checker.level || best());
    const start = performance.now();
    execFileSync(process.execPath, ['tools/build-native.mjs', `--sanitize=${name}`, `--levels=${level}`], { cwd: root, stdio: 'inherit' });
    const built = performance.now();
    if (run(name, checker, level, [...TSX, 'tools/sanitize/mistake.ts', checker.mistake]).findings.length === 0)
      throw new Error(`the ${name} checker did not see a deliberate mistake`);
    for (const command of checker.commands) {
      const { status, findings } = run(name, checker, level, command);
      for (const finding of findings) console.log(finding);
      if (status === 0 && findings.length === 0) continue;
      console.log(`${name}, ${level}: ${findings.length} reports, exit status ${status}, of ${command.join(' ')}`);
      process.exitCode = 1;
    }
    const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(0);
    console.log(`${name} checker, ${level}: built in ${seconds(start, built)} s, run in ${seconds(built, performance.now())} s`);
  }
} finally {
  rmSync(reports, { recursive: true });
}
