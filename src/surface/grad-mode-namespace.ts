// torch.autograd.grad_mode.
import './install.ts';

export { enable_grad, inference_mode, no_grad, set_grad_enabled } from '../autograd/modes.ts';
