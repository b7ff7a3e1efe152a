// Replays the inputs of the operator data through torch.func and counts.
//   npx tsx tools/conformance/transforms.ts [--data DIR] [--backend native|wasm|reference] [--only REGEX] [--failures N] [--json FILE]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
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
const operators = new Set(rows.map((row) => row.group));
const wrong = new Set(rows.filter((row) => row.status === 'failed').map((row) => row.group));
console.log(`\n${operators.size - wrong.size} of ${operators.size} operators in all their cases; ${verdict(rows)}`);
