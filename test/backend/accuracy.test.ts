// Elementary functions of float32 are within 2 ulp of float64's results; npm run accuracy measures densely (docs/accuracy.md).
import { describe, expect, it } from 'vitest';
import { FUNCTIONS, measure } from '../../tools/accuracy/measure.ts';
import { BACKENDS, useBackend } from '../helpers/backends.ts';

const ULPS: Readonly<Record<string, number>> = { gelu_tanh: 25, mish: 3.5, log_sigmoid: 2.5 };

describe.each(BACKENDS)('%s', (backend) => {
  it.each(Object.keys(FUNCTIONS))('%s', (name) => {
    useBackend(backend);
    const { ulp, at, absolute } = measure(name, 4000);
    if (name === 'gelu') expect(absolute).toBeLessThan(2e-7);
    else expect({ ulp: ulp <= (ULPS[name] ?? 2) || ulp, at }).toEqual({ ulp: true, at });
  });
});
