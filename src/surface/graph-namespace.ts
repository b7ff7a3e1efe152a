// torch.autograd.graph.
import './install.ts';

export { saved_tensors_hooks } from '../autograd/checkpoint.ts';
