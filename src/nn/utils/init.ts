// Modules without initial values.
import { RuntimeError } from '../../core/errors.ts';
import type { Device } from '../../core/device.ts';
import { isKwargs } from '../../surface/bind.ts';
import { Module } from '../module.ts';

/**
 * A module whose parameters and buffers have undefined values: nothing is drawn. Its constructor must take `device`.
 *
 * See https://pytorch.org/docs/stable/generated/torch.nn.utils.skip_init.html.
 */
export function skip_init<M extends Module>(module_cls: new (...args: never[]) => M, ...args: readonly unknown[]): M {
  if (typeof module_cls !== 'function' || !(module_cls.prototype instanceof Module))
    throw new RuntimeError(`Expected a Module; got ${module_cls}`);
  const last = args.at(-1);
  const options = isKwargs(last) ? last : {};
  const positional = isKwargs(last) ? args.slice(0, -1) : args;
  const make = module_cls as unknown as new (...args: unknown[]) => M;
  return new make(...positional, { ...options, device: 'meta' }).to_empty({
    device: (options.device as Device | string | undefined) ?? 'cpu',
  });
}
