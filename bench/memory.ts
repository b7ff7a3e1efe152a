// npm run bench:memory -- [--steps 10000] [--backends native,wasm] [--json FILE]: resident memory while the MLP 784-512-512-10 trains
// (batches of 128, Adam) in a synchronous loop without scopes, at step 1,000 and at the end; beside PyTorch where FLAMBEAU_TORCH_PYTHON is set.
// --hold N: N objects of the user's are alive meanwhile.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '10000' },
    backends: { type: 'string', default: 'native,wasm' },
    hold: { type: 'string', default: '0' },
    json: { type: 'string' },
  },
});
/** Every 500 steps: how many there were, resident MiB, and milliseconds a step took since the line before. */
interface Reading {
  readonly step: number;
  readonly rss: number;
  readonly ms: number;
}
async function readings(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Reading[]> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const found: Reading[] = [];
  for await (const line of createInterface({ input: child.stdout })) found.push(JSON.parse(line) as Reading);
  if (found.length === 0) throw new Error(`${command} ${args.join(' ')} measured nothing`);
  return found;
}
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const sides: Record<string, Reading[]> = {};
for (const backend of values.backends.split(',').filter(Boolean))
  sides[backend] = await readings(process.execPath, ['--import', 'tsx', here('./memory_worker.ts'), values.steps, values.hold], {
    FLAMBEAU_BACKEND: backend,
  });
const python = process.env.FLAMBEAU_TORCH_PYTHON;
if (python) sides.PyTorch = await readings(python, [here('./torch_memory.py'), values.steps], {});

const torch = sides.PyTorch?.at(-1)?.rss;
console.log('| side | MiB at 1,000 | MiB at the end | growth | of PyTorch | ms a step at 1,000 | at the end |');
console.log('| ---- | -----------: | -------------: | -----: | ---------: | -----------------: | ---------: |');
for (const [side, all] of Object.entries(sides)) {
  const first = all.find(({ step }) => step >= 1000) ?? all[0]!;
  const last = all.at(-1)!;
  const ofTorch = torch && side !== 'PyTorch' ? (last.rss / torch).toFixed(2) : '';
  console.log(
    `| ${side} | ${first.rss.toFixed(0)} | ${last.rss.toFixed(0)} | ${(last.rss / first.rss).toFixed(3)} | ${ofTorch} | ${first.ms.toFixed(2)} | ${last.ms.toFixed(2)} |`,
  );
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(sides, null, 1)}\n`);
