// torch.func: composable transforms. Rules and levels are in this folder; it may import autograd and everything before it.
export { grad, grad_and_value, vjp } from './grad.ts';
export { hessian, jacfwd, jacrev } from './jacobian.ts';
export { jvp } from './jvp.ts';
export { type Randomness, vmap, type VmapOptions } from './vmap.ts';
