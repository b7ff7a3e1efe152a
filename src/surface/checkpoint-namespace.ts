// torch.utils.checkpoint.
export { type CheckpointOptions, checkpoint, checkpoint_sequential } from '../autograd/checkpoint.ts';
