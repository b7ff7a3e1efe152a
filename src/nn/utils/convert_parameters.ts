// Parameters as one flat vector, and back.
import { Tensor } from '../../core/tensor.ts';
import * as torch from '../../surface/generated/torch.ts';

/** All parameters in one vector, in order; differentiable. */
export function parameters_to_vector(parameters: Iterable<Tensor>): Tensor {
  return torch.cat([...parameters].map((p) => p.view([-1])));
}
/** Makes the parameters slices of a vector. They share its memory. */
export function vector_to_parameters(vec: Tensor, parameters: Iterable<Tensor>): void {
  if (!(vec instanceof Tensor)) throw new TypeError(`expected torch.Tensor, but got: ${typeof vec}`);
  let at = 0;
  for (const p of parameters) {
    p.data = vec.narrow(0, at, p.numel()).view(p.shape).data;
    at += p.numel();
  }
}
