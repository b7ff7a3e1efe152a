interface Run {
  readonly losses: readonly number[];
  readonly accuracy: number;
}
export function rings(torch: object): Run;
export function stripes(torch: object): Run;
