// Random pictures, the same at every reading.
import { int64 } from '../../core/dtype.ts';
import { IndexError } from '../../core/errors.ts';
import { bindArguments } from '../../nn/arguments.ts';
import type { Arguments } from '../../nn/simple.ts';
import * as torch from '../../surface/generated/torch.ts';
import { get_rng_state, manual_seed, set_rng_state } from '../../surface/random.ts';
import { to_pil_image } from '../transforms/conversion.ts';
import { type Transform, VisionDataset } from './vision.ts';

interface Settings {
  size: number;
  image_size: readonly number[];
  num_classes: number;
  transform: Transform | null;
  target_transform: Transform | null;
  random_offset: number;
}
/** `size` pictures of noise with random classes; picture i is made from the seed i + `random_offset`. */
export class FakeData extends VisionDataset<[unknown, unknown]> {
  readonly size: number;
  readonly image_size: readonly number[];
  readonly num_classes: number;
  readonly random_offset: number;
  constructor(
    ...args: Arguments<
      [
        size?: number,
        image_size?: readonly number[],
        num_classes?: number,
        transform?: Transform | null,
        target_transform?: Transform | null,
        random_offset?: number,
      ],
      Settings
    >
  ) {
    const a = bindArguments<Settings>(
      'FakeData',
      args,
      ['size', 'image_size', 'num_classes', 'transform', 'target_transform', 'random_offset'],
      { size: 1000, image_size: [3, 224, 224], num_classes: 10, transform: null, target_transform: null, random_offset: 0 },
    );
    super(null, a);
    this.size = a.size;
    this.image_size = a.image_size;
    this.num_classes = a.num_classes;
    this.random_offset = a.random_offset;
  }
  override get length(): number {
    return this.size;
  }
  override get(index: number): [unknown, unknown] {
    if (index >= this.length) throw new IndexError('FakeData index out of range');
    const before = get_rng_state();
    manual_seed(index + this.random_offset);
    const noise = torch.randn([...this.image_size]);
    const target = Number(torch.randint(0, this.num_classes, [1], { dtype: int64 }).item());
    set_rng_state(before);
    return this.finished(to_pil_image(noise), target);
  }
}
