// torch.autograd.graph.
export { saved_tensors_hooks } from '../autograd/checkpoint.ts';
