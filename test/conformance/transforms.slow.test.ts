// torch.func over the public operator data. The floor is below what was measured, and what PyTorch refuses as well counts against it.
import { expect, it } from 'vitest';
import { openFolder } from '../../tools/conformance/data.ts';
import { loadLibrary } from '../../tools/conformance/library.ts';
import { failures } from '../../tools/conformance/report.ts';
import { runTransforms } from '../../tools/conformance/runners/transforms.ts';

it('transforms: at least 95 % of the operators in all their cases', async () => {
  const library = await loadLibrary();
  const rows = [...runTransforms(library, openFolder('ops')!, { only: null, strict: true })];
  const operators = new Set(rows.map((row) => row.group));
  const wrong = new Set(rows.filter((row) => row.status !== 'passed').map((row) => row.group));
  expect(operators.size).toBeGreaterThan(500);
  expect(1 - wrong.size / operators.size, failures(rows, 20)).toBeGreaterThanOrEqual(0.95);
});
