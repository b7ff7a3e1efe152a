// torch.nn.utils: gradients clipped, parameters as one vector, weights computed from others, layers fused, modules as functions.
import '../../surface/install.ts';

export { clip_grad_norm, clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm } from './clip_grad.ts';
export { parameters_to_vector, vector_to_parameters } from './convert_parameters.ts';
export { deepcopy } from './deepcopy.ts';
export { fuse_conv_bn_eval, fuse_conv_bn_weights, fuse_linear_bn_eval, fuse_linear_bn_weights } from './fusion.ts';
export { skip_init } from './init.ts';
export { remove_spectral_norm, remove_weight_norm, spectral_norm, weight_norm } from './norm_hooks.ts';
export * as parametrizations from './parametrizations.ts';
export * as parametrize from './parametrize.ts';
export * as rnn from './rnn.ts';
export * as stateless from './stateless.ts';
