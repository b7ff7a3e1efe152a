// The state of the call path: what is installed, and the one integer that says whether anything is.
import type { DType } from '../core/dtype.ts';
import type { Op } from './operator.ts';

/** Sees calls at one of two points; see docs/architecture.md. */
export interface Interceptor {
  /** `function`: what the user called. `kernel`: operators with a kernel, formula or view, backward included. */
  readonly at: 'function' | 'kernel';
  call(op: Op, args: readonly unknown[], next: () => unknown): unknown;
}
/** A transform. The top level handles every call and re-dispatches with `state.top = below`. */
export interface Level {
  readonly kind: 'vmap' | 'grad' | 'jvp';
  readonly below: Level | null;
  alive: boolean;
  handle(op: Op, args: unknown[]): unknown;
}

export const state = {
  /** Interceptors + levels + autocast contexts. */
  busy: 0,
  top: null as Level | null,
  /** no_grad clears it; it applies to every tape at or below the level where it was set. */
  grad: true,
  inference: false,
  autocast: null as DType | null,
  fn: [] as readonly Interceptor[],
  kernel: [] as readonly Interceptor[],
};
/** Filled by autograd, a later room: level null is the plain tape. */
export const stage: { tape: (op: Op, args: unknown[], level: Level | null) => unknown } = {
  tape: () => {
    throw new Error('autograd is not installed');
  },
};

/** Runs `body` without function-level interceptors: engine calls and parts are not what the user called. */
export function quietly<T>(body: () => T): T {
  if (state.fn.length === 0) return body();
  const saved = state.fn;
  state.fn = [];
  try {
    return body();
  } finally {
    state.fn = saved;
  }
}
/** Runs `body` with another top level. */
export function at<T>(level: Level | null, body: () => T): T {
  const saved = state.top;
  state.top = level;
  try {
    return body();
  } finally {
    state.top = saved;
  }
}
/** Runs `body` with gradient recording set as given. */
export function withGrad<T>(on: boolean, body: () => T): T {
  const saved = state.grad;
  state.grad = on;
  try {
    return body();
  } finally {
    state.grad = saved;
  }
}

/** Installs an interceptor while `body` runs. */
export function intercept<T>(interceptor: Interceptor, body: () => T): T {
  const at = interceptor.at === 'function' ? 'fn' : 'kernel';
  const saved = state[at];
  state[at] = [...saved, interceptor];
  state.busy++;
  try {
    return body();
  } finally {
    state[at] = saved;
    state.busy--;
  }
}
