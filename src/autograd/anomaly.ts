// Anomaly detection: where the forward call was, and NaN checks in the backward pass.
import { checkCallback } from './modes.ts';

/** Whether nodes keep the stack of their forward call, and gradients are checked for NaN. */
export const forwardTrace = { on: false, checkNan: true };

/** Runs `body` with anomaly detection (torch.autograd.detect_anomaly). */
export function detect_anomaly<T>(body: () => T, options: { check_nan?: boolean } = {}): T {
  const saved = { ...forwardTrace };
  forwardTrace.on = true;
  forwardTrace.checkNan = options.check_nan ?? true;
  try {
    return checkCallback(body(), 'detect_anomaly');
  } finally {
    Object.assign(forwardTrace, saved);
  }
}
/** Turns anomaly detection on or off. */
export function set_detect_anomaly(mode: boolean, check_nan = true): void {
  forwardTrace.on = mode;
  forwardTrace.checkNan = check_nan;
}
export const is_anomaly_enabled = (): boolean => forwardTrace.on;
