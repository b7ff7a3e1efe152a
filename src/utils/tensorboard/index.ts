// torch.utils.tensorboard: writing and reading event files. Needs Node.js and the package @bufbuild/protobuf.
export * from './events.ts';
