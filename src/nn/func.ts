// torch.func: composable transforms, and modules as functions for them.
import '../surface/install.ts';

export * from '../transforms/index.ts';
export { functional_call, stack_module_state } from './utils/stateless.ts';
