// The training run: steps, validation, weights saved, a text written.
import { readFileSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import * as torch from 'flambeau';
import { nn, optim, type Tensor } from 'flambeau';
import { GPT } from 'flambeau/models';
import { save_file } from 'flambeau/serialization';
import { Corpus, documentation } from './text.ts';
import type { Options } from './train.ts';

const TRAINING = [0, 0.9] as const;
const VALIDATION = [0.9, 1] as const;
const VALIDATION_BATCHES = 10;

/** Cross entropy of the next character. */
const lossOf = (model: GPT, [x, y]: [Tensor, Tensor]): Tensor => nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten());

/** AdamW with decay of matrices only, and one cycle of the learning rate. */
function makeOptimizer(model: GPT, { lr, steps }: Options): [optim.Optimizer, { step(): void }] {
  const parameters = [...model.parameters()];
  const groups = [
    { params: parameters.filter((p) => p.dim() >= 2), weight_decay: 0.1 },
    { params: parameters.filter((p) => p.dim() < 2), weight_decay: 0 },
  ];
  const optimizer = new optim.AdamW(groups, { lr, betas: [0.9, 0.95] });
  return [optimizer, new optim.lr_scheduler.OneCycleLR(optimizer, { max_lr: lr, total_steps: steps + 1, pct_start: 0.1 })];
}

export function run(options: Options): void {
  const started = performance.now();
  if (options.threads) torch.set_num_threads(options.threads);
  torch.manual_seed(options.seed);

  const corpus = new Corpus(options.text === undefined ? documentation() : readFileSync(options.text, 'utf8'));
  const prompt = corpus.encode(options.prompt).unsqueeze(0);
  const model = new GPT({
    vocab_size: corpus.characters.length,
    n_positions: options.length,
    n_embd: options.width,
    n_layer: options.layers,
    n_head: options.heads,
  });
  const count = [...model.parameters()].reduce((n, p) => n + p.numel(), 0);
  console.log(
    `${corpus.ids.size(0).toLocaleString('en')} characters, ${corpus.characters.length} different; ${count.toLocaleString('en')} parameters`,
  );

  const [optimizer, scheduler] = makeOptimizer(model, options);
  const batch = (part: readonly [number, number]): [Tensor, Tensor] => corpus.batch(options.batchSize, options.length, part);
  const bar = new SingleBar({
    format: 'training {bar} {percentage} % | loss {loss} | {eta_formatted} left',
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(options.steps, 0, { loss: '-' });
  let loss = 0;
  for (let step = 1; step <= options.steps; step++) {
    optimizer.zero_grad();
    const l = lossOf(model, batch(TRAINING));
    l.backward();
    nn.utils.clip_grad_norm_(model.parameters(), 1);
    optimizer.step();
    scheduler.step();
    loss = l.item();
    bar.update(step, { loss: loss.toFixed(3) });
  }
  bar.stop();

  model.eval();
  const validation_loss = torch.no_grad(() => {
    const losses = Array.from({ length: VALIDATION_BATCHES }, () => lossOf(model, batch(VALIDATION)).item());
    return losses.reduce((a, b) => a + b) / losses.length;
  });
  // The output layer shares the embedding's memory, which a safetensors file holds once.
  const { 'lm_head.weight': _, ...weights } = model.state_dict();
  save_file(weights, options.out);
  const written = model.generate(prompt, { max_new_tokens: options.sample, temperature: 0.8, top_k: 20 });
  console.log(`\n${corpus.decode(written.at(0))}\n`);
  const seconds = (performance.now() - started) / 1000;
  console.log(JSON.stringify({ loss, validation_loss, seconds: Number(seconds.toFixed(2)), weights: options.out }));
}
