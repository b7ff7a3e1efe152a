// The examples run, learn and save weights that load: a few steps each.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { GPT, resnet18 } from '../../src/models/index.ts';
import { load_file } from '../../src/serialization/index.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'flambeau-examples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(example: string, ...options: string[]): { status: number | null; stdout: string; stderr: string } {
  const args = ['--import', 'tsx', `examples/${example}/train.ts`, '--threads', '1', '--out', join(folder, example), ...options];
  return spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
}
/** Runs an example; the JSON of its last line. */
function run(example: string, ...options: string[]): Record<string, number | string> {
  const { status, stdout, stderr } = start(example, ...options);
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Record<string, number | string>;
}

describe('the examples', () => {
  it('char_gpt learns the letters of a text', () => {
    const sizes = ['--layers', '1', '--heads', '2', '--width', '32', '--length', '16', '--batch-size', '8'];
    const { validation_loss, weights } = run('char_gpt', '--steps', '30', '--sample', '20', ...sizes);
    expect(validation_loss).toBeLessThan(4);
    const state = load_file(String(weights));
    const model = new GPT({
      vocab_size: state['transformer.wte.weight']!.size(0),
      n_positions: 16,
      n_embd: 32,
      n_layer: 1,
      n_head: 2,
    });
    expect(model.load_state_dict(state, { strict: false }).missing_keys).toEqual(['lm_head.weight']);
  });
  it('resnet learns some digits', () => {
    const { loss, weights } = run('resnet', '--steps', '3', '--batch-size', '16', '--test-images', '20');
    expect(loss).toBeLessThan(4);
    expect(String(resnet18({ num_classes: 10 }).load_state_dict(load_file(String(weights))))).toBe('<All keys matched successfully>');
  });
  it('say what is wrong with a command line', () => {
    for (const example of ['mnist', 'char_gpt', 'resnet']) {
      const { status, stderr } = start(example, '--lr', '-1');
      expect(stderr).toBe("error: option '--lr <x>' argument '-1' is invalid. It must be a number above 0.\n");
      expect(status).toBe(2);
    }
  });
});
