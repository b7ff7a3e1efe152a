// torch.cuda, where there is no CUDA: programs that ask before they use it run as on a machine without a GPU.
import { device as deviceOf, placement } from '../core/device.ts';

/** Fails as PyTorch without CUDA does. */
const unavailable = (): never => placement(deviceOf('cuda')) as never;

/** False: there is no CUDA device. */
export const is_available = (): boolean => false;
export const is_initialized = (): boolean => false;
/** The number of CUDA devices: 0. */
export const device_count = (): number => 0;
/** Does nothing: without devices there is nothing to seed. */
export function manual_seed(_seed: number | bigint): void {}
/** Does nothing: without devices there is nothing to seed. */
export function manual_seed_all(_seed: number | bigint): void {}
/** Does nothing: no memory is cached on a device. */
export function empty_cache(): void {}
export const memory_allocated = (_device?: unknown): number => 0;
export const max_memory_allocated = (_device?: unknown): number => 0;
export const memory_reserved = (_device?: unknown): number => 0;
export const max_memory_reserved = (_device?: unknown): number => 0;
export const is_bf16_supported = (): boolean => false;

/** @throws AssertionError: there is no CUDA device. */
export const current_device = (): number => unavailable();
/** @throws AssertionError: there is no CUDA device. */
export const set_device = (_device: unknown): void => unavailable();
/** @throws AssertionError: there is no CUDA device. */
export const get_device_name = (_device?: unknown): string => unavailable();
/** @throws AssertionError: there is no CUDA device. */
export const get_device_properties = (_device?: unknown): Readonly<Record<string, unknown>> => unavailable();
/** @throws AssertionError: there is no CUDA device. */
export const synchronize = (_device?: unknown): void => unavailable();
