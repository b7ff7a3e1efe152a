// torch.utils.checkpoint.
export { checkpoint, type CheckpointOptions, checkpoint_sequential } from '../../autograd/checkpoint.ts';
