// What `torch.…` has besides operators.
export { detect_anomaly, set_detect_anomaly } from '../autograd/anomaly.ts';
export { scope } from '../autograd/scope.ts';
export { enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled } from '../autograd/modes.ts';
export * from '../core/dtype.ts';
export { Device, device } from '../core/device.ts';
export * from '../core/errors.ts';
export {
  channels_last,
  channels_last_3d,
  contiguous_format,
  preserve_format,
  sparse_bsc,
  sparse_bsr,
  sparse_coo,
  sparse_csc,
  sparse_csr,
  strided,
} from '../core/formats.ts';
export { Complex, FloatScalar, scalar } from '../core/scalar.ts';
export { Size } from '../core/size.ts';
export { intercept } from '../dispatch/state.ts';
export { tensor } from './construct.ts';
export { slice } from './index-syntax.ts';
export { pointwise } from './pointwise.ts';
export { default_generator, Generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state } from './random.ts';
export * as random from './random-namespace.ts';
export { as_tensor, asarray, from_numpy, type NDArray } from './arrays.ts';
export * as autograd from './autograd-namespace.ts';
export * as cuda from './cuda-namespace.ts';
export * from './dtype-aliases.ts';
export { __version__, backends, get_backend, get_num_threads, seed_torch, set_backend, set_num_threads, version } from './environment.ts';
export {
  BFloat16Tensor,
  BoolTensor,
  ByteTensor,
  CharTensor,
  DoubleTensor,
  FloatTensor,
  HalfTensor,
  IntTensor,
  is_tensor,
  type LegacyConstructor,
  LongTensor,
  ShortTensor,
  set_default_tensor_type,
  Tensor,
  typename,
} from './legacy.ts';
export { get_printoptions, type PrintOptions, type PrintSettings, print, printoptions, set_printoptions } from './print.ts';
export { broadcast_shapes } from '../ops/shape.ts';
export { memory_stats, type MemoryStats, reset_memory_stats } from './memory.ts';
export { resize_as_ } from './layout-members.ts';
export { is_complex, is_conj, is_floating_point, is_inference, is_neg, is_signed, numel, result_type } from './queries.ts';
export * as signal from './signal.ts';
export * as sparse from './sparse-namespace.ts';
export { sparse_compressed_tensor, sparse_coo_tensor, sparse_csc_tensor, sparse_csr_tensor, type SparseOptions } from './sparse.ts';
