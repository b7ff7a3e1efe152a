// Replays PyTorch's own test data against the library.
//   npm run conformance -- [--data DIR] [--kind ops,modules,…] [--backend native|wasm|reference] [--only REGEX] [--json FILE]
//                          [--failures N] [--strict] [--allow-failures]
// --only matches "kind/group/id"; --strict counts every check of a case (gradients, strides, variants), not only its result.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Row } from './case.ts';
import { KINDS, type Kind, openFolder } from './data.ts';
import { loadLibrary } from './library.ts';
import { failures, summary, verdict } from './report.ts';
import { run } from './run.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      kind: { type: 'string' },
      backend: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string' },
      failures: { type: 'string', default: '20' },
      strict: { type: 'boolean', default: false },
      'allow-failures': { type: 'boolean', default: false },
    },
  });
  const kinds = (values.kind?.split(',') ?? KINDS) as readonly Kind[];
  const unknown = kinds.filter((kind) => !KINDS.includes(kind));
  if (unknown.length > 0) throw new Error(`no such kind: ${unknown.join(', ')} (there are ${KINDS.join(', ')})`);
  const library = await loadLibrary(values.backend);
  const options = { only: values.only ? new RegExp(values.only) : null, strict: values.strict };
  const rows: Row[] = [];
  for (const kind of kinds) {
    const folder = openFolder(kind, values.data);
    if (folder) for await (const row of run(library, kind, folder, options)) rows.push(row);
    else if (values.kind) throw new Error(`no data of kind ${kind}`);
  }
  console.log(summary(rows));
  const listed = failures(rows, Number(values.failures));
  if (listed) console.log(`\n${listed}`);
  if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, null, 1)}\n`);
  console.log(`\n${verdict(rows)}`);
  if (rows.some((row) => row.status === 'failed') && !values['allow-failures']) process.exitCode = 1;
}

await main();
