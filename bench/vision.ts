// How fast pictures become training data: decoding, and decoding with RandomResizedCrop(224), flip, ToTensor and Normalize, on one thread.
// npx tsx bench/vision.ts; with FLAMBEAU_TORCH_PYTHON, Pillow and torchvision in turns with it (vision_twin.py), the same files and seeds;
// every workload in a process of its own.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as torch from '../src/index.ts';
import { Image, transforms } from '../src/vision/index.ts';

const ROUNDS = 3;
const IMAGES = 24;
const train = new transforms.Compose([
  new transforms.RandomResizedCrop(224),
  new transforms.RandomHorizontalFlip(),
  new transforms.ToTensor(),
  new transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
]);
const test = new transforms.Compose([new transforms.Resize(256), new transforms.CenterCrop(224), new transforms.ToTensor()]);
const jitter = new transforms.ColorJitter(0.4, 0.4, 0.4, 0.1);

/** Smooth noise with edges, as large as ImageNet's pictures; every picture from its own seed. */
function picture(seed: number): Image {
  torch.manual_seed(seed);
  const coarse = torch.rand([1, 3, 12, 16]);
  const fine = torch.rand([1, 3, 94, 125]).mul(0.3);
  const up = (x: torch.Tensor): torch.Tensor =>
    torch.nn.functional.interpolate(x, { size: [375, 500], mode: 'bicubic', align_corners: false });
  return transforms.functional.to_pil_image(up(coarse).add(up(fine)).mul(0.77).clamp(0, 1).squeeze(0));
}
const open = (path: string): Image => Image.open(path).convert('RGB');
/** What is done with the files, and with the pictures once they are open. */
const workloads: Record<string, (paths: readonly string[]) => () => unknown> = {
  'decode JPEG': (paths) => () => paths.map((path) => open(path).load()),
  'train: decode, crop, flip, tensor, normalize': (paths) => () => paths.map((path) => train(open(path))),
  'test: decode, resize, crop, tensor': (paths) => () => paths.map((path) => test(open(path))),
  'crop, flip, tensor, normalize': (paths) => each(paths, train),
  'color jitter': (paths) => each(paths, (im) => jitter(im)),
  'to tensor': (paths) => each(paths, transforms.functional.to_tensor),
};
function each(paths: readonly string[], f: (im: Image) => unknown): () => unknown {
  const opened = paths.map((path) => open(path).load());
  return () => opened.map((im) => f(im));
}
/** Milliseconds of processor time a picture, the median of several runs. */
function measured(f: () => unknown): number {
  for (let run = 0; run < 25; run++) f();
  const times: number[] = [];
  for (let run = 0; run < 15; run++) {
    torch.manual_seed(0);
    const before = process.cpuUsage();
    f();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000 / IMAGES);
  }
  return median(times);
}
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1]!;

/** Measures a workload in a process of its own. */
function inProcess(command: string, ...args: string[]): number {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}
function compare(): void {
  const folder = mkdtempSync(join(tmpdir(), 'flambeau-vision-'));
  for (let i = 0; i < IMAGES; i++) picture(i).save(join(folder, `${i}.jpg`), 'JPEG', { quality: 90 });
  const self = fileURLToPath(import.meta.url);
  const twin = fileURLToPath(new URL('vision_twin.py', import.meta.url));
  const python = process.env.FLAMBEAU_TORCH_PYTHON;
  for (const name of Object.keys(workloads)) {
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(inProcess(process.execPath, '--import', 'tsx', self, folder, name));
      if (python) theirs.push(inProcess(python, twin, folder, String(IMAGES), name));
    }
    const [a, b] = [median(ours), python ? median(theirs) : Number.NaN];
    const row = { name, flambeau_ms: Number(a.toFixed(3)), torchvision_ms: Number(b.toFixed(3)), ratio: Number((b / a).toFixed(2)) };
    console.log(JSON.stringify(row));
  }
  rmSync(folder, { recursive: true });
}
torch.set_num_threads(1);
const [folder, name] = process.argv.slice(2);
if (folder === undefined) compare();
else {
  const paths = Array.from({ length: IMAGES }, (_, i) => join(folder, `${i}.jpg`));
  console.log(measured(workloads[name!]!(paths)));
}
