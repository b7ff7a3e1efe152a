// Trains the MLP and prints a line every 500 steps: see memory.ts. Arguments: steps, objects to hold.
import { writeSync } from 'node:fs';
import * as torch from 'flambeau';
import { nn } from 'flambeau';

const [steps = 10_000, hold = 0] = process.argv.slice(2).map(Number);
/** What a program keeps: small objects that point to each other. */
const held: object[] = [];
for (let i = 0; i < hold; i++) held.push({ number: i, text: `item ${i}`, list: [i], before: held[i - 1] ?? null });

torch.manual_seed(0);
const net = new nn.Sequential(new nn.Linear(784, 512), new nn.ReLU(), new nn.Linear(512, 512), new nn.ReLU(), new nn.Linear(512, 10));
const optimizer = new torch.optim.Adam(net.parameters(), { lr: 1e-3 });
let start = performance.now();
for (let step = 1; step <= steps; step++) {
  const x = torch.randn([128, 784]);
  const y = torch.randint(0, 10, [128]);
  optimizer.zero_grad();
  const loss = nn.functional.cross_entropy(net(x), y);
  loss.backward();
  optimizer.step();
  if (step % 500 !== 0 && step !== steps) continue;
  const ms = (performance.now() - start) / (step % 500 || 500);
  // A synchronous loop: console.log would wait for a task that never comes where it is asynchronous.
  writeSync(1, `${JSON.stringify({ step, rss: process.memoryUsage.rss() / 2 ** 20, ms, loss: loss.item(), held: held.length })}\n`);
  start = performance.now();
}
