// The base of datasets of pictures.
import { builtin, environment } from '../../core/host.ts';
import { ValueError } from '../../core/errors.ts';
import { int64 } from '../../core/dtype.ts';
import { tensor } from '../../surface/construct.ts';
import { default_collate, default_collate_fn_map } from '../../utils/data/collate.ts';
import { Dataset } from '../../utils/data/dataset.ts';

/** A transform: a module or a function of one argument. */
export type Transform = (x: never) => unknown;
export type JointTransform = (input: never, target: never) => unknown;
/** How samples are changed. */
export interface Transforms {
  transform: Transform | null;
  target_transform: Transform | null;
}
const applied = (f: Transform | null, x: unknown): unknown => (f === null ? x : (f as (x: unknown) => unknown)(x));

/** A path whose `~` is the home directory. */
export function expanded(path: string | URL): string {
  const text = path instanceof URL ? builtin<{ fileURLToPath(u: URL): string }>('url')!.fileURLToPath(path) : path;
  if (!/^~($|[/\\])/.test(text)) return text;
  return (builtin<{ homedir(): string }>('os')?.homedir() ?? environment('HOME')) + text.slice(1);
}
function described(transform: Transform, head: string): string[] {
  const name = (transform as { name?: string }).name || '<lambda>';
  const text = Object.getPrototypeOf(transform) === Function.prototype ? `<function ${name}>` : String(transform);
  return text.split('\n').map((line, i) => (i === 0 ? head : ' '.repeat(head.length)) + line);
}

/** Samples of these datasets: their whole numbers are classes, which make int64 batches (elsewhere a number may be a float). */
const labelled = new WeakSet<object>();
const Labelled = Object.defineProperty(class {}, Symbol.hasInstance, {
  value: (x: unknown) => typeof x === 'object' && x !== null && labelled.has(x),
});
default_collate_fn_map.set(Labelled, (batch) => {
  const samples = batch as readonly (readonly unknown[])[];
  return samples[0]!.map((_, i) => {
    const column = samples.map((sample) => sample[i]);
    return column.every(Number.isInteger) ? tensor(column as number[], { dtype: int64 }) : default_collate(column);
  });
});

/** Pictures with targets; `get` gives `[picture, target]`, or a promise of them where the picture is loaded asynchronously. */
export abstract class VisionDataset<T = unknown> extends Dataset<T> {
  readonly root: string | null;
  readonly transform: Transform | null;
  readonly target_transform: Transform | null;
  readonly transforms: JointTransform | null;
  constructor(root: string | URL | null, given: Partial<Transforms> & { transforms?: JointTransform | null } = {}) {
    super();
    const { transforms = null, transform = null, target_transform = null } = given;
    if (transforms !== null && (transform !== null || target_transform !== null))
      throw new ValueError('Only transforms or transform/target_transform can be passed as argument');
    this.root = root === null ? null : expanded(root);
    this.transform = transform;
    this.target_transform = target_transform;
    this.transforms = transforms;
  }
  /** The sample after the transforms. */
  protected finished(picture: unknown, target: unknown): [picture: unknown, target: unknown] {
    const joint = this.transforms as ((x: unknown, y: unknown) => [unknown, unknown]) | null;
    const sample: [unknown, unknown] =
      joint !== null ? joint(picture, target) : [applied(this.transform, picture), applied(this.target_transform, target)];
    labelled.add(sample);
    return sample;
  }
  /** More lines for the printed form. */
  extra_repr(): string {
    return '';
  }
  override toString(): string {
    const body = [`Number of datapoints: ${this.length}`];
    if (this.root !== null) body.push(`Root location: ${this.root}`);
    if (this.extra_repr()) body.push(...this.extra_repr().split('\n'));
    if (this.transform !== null || this.target_transform !== null) {
      body.push('StandardTransform');
      if (this.transform !== null) body.push(...described(this.transform, 'Transform: '));
      if (this.target_transform !== null) body.push(...described(this.target_transform, 'Target transform: '));
    }
    return [`Dataset ${this.constructor.name}`, ...body.map((line) => `    ${line}`)].join('\n');
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
/** A place as Python reads it: negative ones count from the end. */
export function place(index: number, length: number, name: string, error: (message: string) => Error): number {
  const i = index < 0 ? index + length : index;
  if (!(i >= 0 && i < length)) throw error(`${name} index out of range`);
  return i;
}
