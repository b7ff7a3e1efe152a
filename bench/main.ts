// npm run bench -- [--filter RE] [--threads 1,2] [--seconds 2] [--json FILE] [--write]: Flambeau beside PyTorch, in turns, in two processes.
// --write puts the table into docs/performance.md.
// FLAMBEAU_TORCH_PYTHON names a Python that has PyTorch; without it only Flambeau is measured.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { workloads } from './workloads.ts';

const { values } = parseArgs({
  options: {
    filter: { type: 'string', default: '.' },
    threads: { type: 'string', default: '1,2' },
    seconds: { type: 'string', default: '2' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
interface Answer {
  us: number;
  p95: number;
  faults: number;
  checksum: number;
  error?: string;
}
/** A process that answers one line for one line. */
class Side {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;
  constructor(command: string, args: string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    }) as unknown as ChildProcessWithoutNullStreams;
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }
  async ask(request: object): Promise<Answer> {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error('the measuring process ended');
    return JSON.parse(value) as Answer;
  }
  close(): void {
    this.child.stdin.end();
  }
}
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const python = process.env.FLAMBEAU_TORCH_PYTHON;
const ours = new Side(process.execPath, ['--import', 'tsx', here('./worker.ts')]);
// libgomp's workers spin after a parallel region and would take the other side's core.
const theirs = python ? new Side(python, [here('./torch_workloads.py')], { OMP_WAIT_POLICY: 'passive' }) : null;
const filter = new RegExp(values.filter);
const rows: object[] = [];
/** Ratios by family: what stands before a colon in a name. */
const ratios = new Map<string, number[]>();
const familyOf = (name: string): string => (name.includes(': ') ? name.split(': ')[0]! : 'core');
const pad = (s: string, n: number): string => s.padStart(n);
const report: string[] = [];
function say(line: string): void {
  console.log(line);
  report.push(line);
}
say(`| ${'workload'.padEnd(32)} | threads | Flambeau µs | PyTorch µs | ratio | faults |`);
say(`| ${'-'.repeat(32)} | ------: | ----------: | ---------: | ----: | -----: |`);
for (const threads of values.threads.split(',').map(Number)) {
  for (const name of Object.keys(workloads).filter((n) => filter.test(n))) {
    const request = { name, threads, seconds: Number(values.seconds) };
    const a = await ours.ask(request);
    const b = theirs ? await theirs.ask(request) : null;
    if (a.error || b?.error) {
      say(`| ${name.padEnd(32)} | ${threads} | ${a.error ?? b?.error}`);
      rows.push({ name, threads, error: a.error ?? b?.error });
      continue;
    }
    const same =
      !b || Math.abs(a.checksum - b.checksum) <= 1e-3 * Math.abs(b.checksum) + 1e-6 || name.includes('CIFAR2') || name.includes('MNIST');
    const ratio = b ? b.us / a.us : Number.NaN;
    if (b) ratios.set(familyOf(name), [...(ratios.get(familyOf(name)) ?? []), ratio]);
    rows.push({
      name,
      threads,
      flambeau_us: a.us,
      torch_us: b?.us ?? null,
      ratio: b ? ratio : null,
      p95_us: a.p95,
      faults: a.faults,
      torch_faults: b?.faults ?? null,
      same,
    });
    say(
      `| ${name.padEnd(32)} | ${pad(String(threads), 7)} | ${pad(a.us.toFixed(2), 11)} | ${pad(b ? b.us.toFixed(2) : '', 10)} | ${pad(b ? ratio.toFixed(2) : '', 5)} | ${pad(a.faults.toFixed(0), 6)} |${same ? '' : ` results differ: ${a.checksum} and ${b?.checksum}`}`,
    );
  }
}
const geometricMean = (xs: readonly number[]): string => Math.exp(xs.reduce((s, x) => s + Math.log(x), 0) / xs.length).toFixed(2);
if (ratios.size > 0) say('\nGeometric mean of the ratios (above 1: Flambeau is faster):\n');
for (const [family, some] of ratios) {
  const slow = some.filter((x) => x < 0.5).length;
  say(`- ${family}: ${geometricMean(some)} over ${some.length} rows${slow ? `, ${slow} under 0.5` : ''}`);
}
if (values.write) {
  const page = here('../docs/performance.md');
  const [begin, end] = ['<!-- bench -->', '<!-- /bench -->'];
  const [before = '', rest = ''] = readFileSync(page, 'utf8').split(begin);
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'} (${platform()} ${arch()}, Node.js ${process.version})`;
  writeFileSync(page, `${before}${begin}\n\nMeasured on ${machine}.\n\n${report.join('\n')}\n\n${end}${rest.split(end)[1] ?? ''}`);
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, null, 1)}\n`);
ours.close();
theirs?.close();
