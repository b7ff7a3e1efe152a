// torch.utils.checkpoint.
import '../../surface/install.ts';

export { checkpoint, type CheckpointOptions, checkpoint_sequential } from '../../autograd/checkpoint.ts';
