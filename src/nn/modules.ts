// torch.nn.modules: the hooks of all modules, and the mixin of lazy ones.
import * as lazy from './lazy.ts';
import * as module from './module.ts';

export { lazy, module };
