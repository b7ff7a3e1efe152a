// Reads damaged files until a reader misbehaves.
//   npm run fuzz -- [--reader checkpoint,safetensors,numpy,tensorboard] [--count 1000000] [--seed 1] [--out FOLDER]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzz, READERS, type ReaderName } from './fuzz.ts';

const { values } = parseArgs({
  options: {
    reader: { type: 'string', default: Object.keys(READERS).join() },
    count: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
for (const name of values.reader.split(',') as ReaderName[]) {
  const start = performance.now();
  const { count, read, refused, findings } = fuzz(name, Number(values.count), Number(values.seed));
  console.log(
    `${name}: ${count} files, ${read} read, ${refused} refused, ${findings.length} findings, ${((performance.now() - start) / 1000).toFixed(0)} s`,
  );
  findings.forEach(({ what, bytes }, i) => {
    console.log(`  ${what}`);
    if (!values.out) return;
    mkdirSync(values.out, { recursive: true });
    writeFileSync(join(values.out, `${name}-${values.seed}-${i}`), bytes);
  });
  if (findings.length) process.exitCode = 1;
}
