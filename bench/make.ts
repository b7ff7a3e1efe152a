// What workloads are made of.
import type * as Torch from 'flambeau';
import * as torch from 'flambeau';

export type Tensor = Torch.Tensor;

/** Makes a workload; the function that it returns is timed and gives the result that is kept and compared. */
export type Make = () => () => Tensor;

/** Deterministic numbers in (−0.5, 0.5), the same in Python. */
export function data(...shape: number[]): Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  const values = new Float32Array(n);
  for (let i = 0; i < n; i++) values[i] = ((i * 0.6180339887) % 1) - 0.5;
  return torch.tensor(values).reshape(shape);
}
export const unary =
  (f: (x: Tensor) => Tensor, ...shape: number[]): Make =>
  () => {
    const x = data(...shape);
    return () => f(x);
  };
export const binary =
  (f: (x: Tensor, y: Tensor) => Tensor, a: number[], b: number[]): Make =>
  () => {
    const x = data(...a);
    const y = data(...b);
    return () => f(x, y);
  };
