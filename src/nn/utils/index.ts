// torch.nn.utils: gradients clipped, parameters as one vector.
export { clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm } from './clip_grad.ts';
export { parameters_to_vector, vector_to_parameters } from './convert_parameters.ts';
export * as rnn from './rnn.ts';
