// torch.nn.modules: the hooks of all modules.
import * as module from './module.ts';

export { module };
