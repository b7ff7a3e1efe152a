import { describe, expect, it } from 'vitest';
import { exponential, fixed } from '../../src/core/decimal.ts';

describe('fixed', () => {
  it.each([
    [0.5, 0, '0'],
    [1.5, 0, '2'],
    [2.5, 0, '2'],
    [0.125, 2, '0.12'],
    [0.375, 2, '0.38'],
    [0.15, 1, '0.1'],
    [-0, 2, '-0.00'],
    [-0.00001, 4, '-0.0000'],
    [1e22, 1, '10000000000000000000000.0'],
    [-27350367368574.79, 6, '-27350367368574.789062'],
    [Number.NaN, 4, 'nan'],
    [Number.NEGATIVE_INFINITY, 4, '-inf'],
  ])('writes %d with %d digits as %s', (x, digits, text) => expect(fixed(x, digits)).toBe(text));
});

describe('exponential', () => {
  it.each([
    [0, 4, '0.0000e+00'],
    [0.5, 0, '5e-01'],
    [2.5, 0, '2e+00'],
    [9.5, 0, '1e+01'],
    [95000, 0, '1e+05'],
    [135000, 1, '1.4e+05'],
    [125000, 1, '1.2e+05'],
    [0.59375, 3, '5.938e-01'],
    [-1e100, 2, '-1.00e+100'],
    [5e-324, 2, '4.94e-324'],
  ])('writes %d with %d digits as %s', (x, digits, text) => expect(exponential(x, digits)).toBe(text));
});
