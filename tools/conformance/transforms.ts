// Replays the inputs of the operator data through torch.func and counts.
//   npx tsx tools/conformance/transforms.ts [--data DIR] [--backend native|wasm|reference] [--only REGEX] [--failures N] [--json FILE]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Row } from './case.ts';
import { openFolder } from './data.ts';
import { loadLibrary } from './library.ts';
import { failures, summary, verdict } from './report.ts';
import { runTransforms } from './runners/transforms.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    backend: { type: 'string' },
    only: { type: 'string' },
    failures: { type: 'string', default: '20' },
    json: { type: 'string' },
  },
});
const library = await loadLibrary(values.backend);
const folder = openFolder('ops', values.data);
if (!folder) throw new Error('no data of operators');
const rows = [...runTransforms(library, folder, { only: values.only ? new RegExp(values.only) : null, strict: true })];
console.log(summary(rows));
const listed = failures(rows, Number(values.failures));
if (listed) console.log(`\n${listed}`);
if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, null, 1)}\n`);
const groupsWith = (...statuses: Row['status'][]): number =>
  new Set(rows.filter((row) => statuses.includes(row.status)).map((row) => row.group)).size;
const all = groupsWith('passed', 'failed', 'skipped');
console.log(
  `\n${all - groupsWith('failed', 'skipped')} of ${all} operators in all their cases (${groupsWith('skipped')} with skipped ones); ${verdict(rows)}`,
);
if (groupsWith('failed') > 0) process.exitCode = 1;
