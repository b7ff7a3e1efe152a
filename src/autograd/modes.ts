// Grad modes. Each works with a callback, or as `using _ = torch.no_grad()` in a synchronous block.
import { RuntimeError } from '../core/errors.ts';
import { state } from '../dispatch/state.ts';

/** A mode that ends when it is disposed; modes must end in the reverse order of their beginning. */
export interface Mode extends Disposable {
  readonly previous: boolean;
}
const active: Mode[] = [];

/** Rejects asynchronous callbacks: the mode would be over before they run. */
export function checkCallback<T>(r: T, name: string): T {
  if (r instanceof Promise) {
    throw new RuntimeError(
      `${name}: the callback returned a promise, but modes are synchronous. Await before entering the mode, or enter it around each synchronous part.`,
    );
  }
  return r;
}
function enter(name: string, on: boolean): Mode {
  const mode: Mode = {
    previous: state.grad,
    [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: () => {
      if (active[active.length - 1] !== mode)
        throw new RuntimeError(`${name}: modes must be left in the reverse order in which they were entered`);
      active.pop();
      state.grad = mode.previous;
    },
  } as Mode;
  active.push(mode);
  state.grad = on;
  return mode;
}
function run<T>(name: string, on: boolean, body: () => T): T {
  const saved = state.grad;
  state.grad = on;
  try {
    return checkCallback(body(), name);
  } finally {
    state.grad = saved;
  }
}

/** Without recording for the backward pass; see https://pytorch.org/docs/stable/generated/torch.no_grad.html. */
export function no_grad(): Mode;
export function no_grad<T>(body: () => T): T;
export function no_grad<T>(body?: () => T): T | Mode {
  return body ? run('no_grad', false, body) : enter('no_grad', false);
}
/** With recording, inside no_grad. */
export function enable_grad(): Mode;
export function enable_grad<T>(body: () => T): T;
export function enable_grad<T>(body?: () => T): T | Mode {
  return body ? run('enable_grad', true, body) : enter('enable_grad', true);
}
/** Recording on or off: with a callback for its duration, without one from now on (or until disposed). */
export function set_grad_enabled(mode: boolean): Mode;
export function set_grad_enabled<T>(mode: boolean, body: () => T): T;
export function set_grad_enabled<T>(mode: boolean, body?: () => T): T | Mode {
  if (body) return run('set_grad_enabled', mode, body);
  const previous = state.grad;
  state.grad = mode;
  return {
    previous,
    [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: () => {
      state.grad = previous;
    },
  } as Mode;
}
/** Like no_grad, and the tensors made inside never take part in autograd. */
export function inference_mode(mode?: boolean): Mode;
export function inference_mode<T>(body: () => T): T;
export function inference_mode<T>(mode?: boolean | (() => T)): T | Mode {
  return typeof mode === 'function' ? run('inference_mode', false, mode) : enter('inference_mode', !(mode ?? true));
}
export const is_grad_enabled = (): boolean => state.grad;
