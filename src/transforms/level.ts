// What the three transform levels share. A level handles every call while it is on top and re-dispatches one level down.
import { RuntimeError } from '../core/errors.ts';
import { at, type Level, state } from '../dispatch/state.ts';

/** Runs `body` with `level` on top. The level is dead afterwards. */
export function enter<L extends Level, T>(level: L, body: (l: L) => T): T {
  const { top, grad } = state;
  state.top = level;
  state.busy++;
  try {
    const r = body(level);
    if (r instanceof Promise) throw new RuntimeError('transforms are synchronous: the function returned a promise');
    return r;
  } finally {
    state.top = top;
    state.busy--;
    state.grad = grad;
    level.alive = false;
  }
}
export const below = <T>(l: Level, body: () => T): T => at(l.below, body);
