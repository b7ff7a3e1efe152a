// How fast pictures become training data: decoding, and decoding with RandomResizedCrop(224), flip, ToTensor and Normalize, on one thread.
// npx tsx bench/vision.ts; with FLAMBEAU_TORCH_PYTHON, Pillow and torchvision in turns with it (vision_twin.py), the same files and seeds.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as torch from '../src/index.ts';
import { Image, transforms } from '../src/vision/index.ts';

const ROUNDS = 3;
const IMAGES = 24;
const folder = mkdtempSync(join(tmpdir(), 'flambeau-vision-'));
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
const paths = Array.from({ length: IMAGES }, (_, i) => join(folder, `${i}.jpg`));
for (const [i, path] of paths.entries()) picture(i).save(path, 'JPEG', { quality: 90 });

const open = (path: string): Image => Image.open(readFileSync(path)).convert('RGB').load();
const opened = paths.map(open);
const workloads: Record<string, () => unknown> = {
  'decode JPEG': () => paths.map(open),
  'train: decode, crop, flip, tensor, normalize': () => paths.map((path) => train(Image.open(path).convert('RGB'))),
  'test: decode, resize, crop, tensor': () => paths.map((path) => test(Image.open(path).convert('RGB'))),
  'crop, flip, tensor, normalize': () => opened.map((im) => train(im)),
  'color jitter': () => opened.map((im) => jitter(im)),
  'to tensor': () => opened.map((im) => transforms.functional.to_tensor(im)),
};
/** Milliseconds of processor time a picture, the median of several runs. */
function measured(f: () => unknown): number {
  for (let run = 0; run < 12; run++) f();
  const times: number[] = [];
  for (let run = 0; run < 9; run++) {
    torch.manual_seed(0);
    const before = process.cpuUsage();
    f();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000 / IMAGES);
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}
torch.set_num_threads(1);
const python = process.env.FLAMBEAU_TORCH_PYTHON;
const ours: Record<string, number[]> = {};
const theirs: Record<string, number[]> = {};
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, f] of Object.entries(workloads)) ours[name] = [...(ours[name] ?? []), measured(f)];
  if (!python) continue;
  const twin = fileURLToPath(new URL('vision_twin.py', import.meta.url));
  const { stdout, stderr, status } = spawnSync(python, [twin, folder, String(IMAGES)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  for (const [name, ms] of Object.entries(JSON.parse(stdout) as Record<string, number>)) theirs[name] = [...(theirs[name] ?? []), ms];
}
rmSync(folder, { recursive: true });
const median = (list: number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1]!;
for (const name of Object.keys(workloads)) {
  const [a, b] = [median(ours[name]!), theirs[name] ? median(theirs[name]) : Number.NaN];
  console.log(
    JSON.stringify({ name, flambeau_ms: Number(a.toFixed(3)), torchvision_ms: Number(b.toFixed(3)), ratio: Number((b / a).toFixed(2)) }),
  );
}
