// Special functions of one or two real numbers in double precision, by PyTorch's names; each is accurate to a few units in the last place
// away from its zeros and has PyTorch's values at poles, infinities and outside its domain.
export * from './special/airy.ts';
export * from './special/bessel.ts';
export * from './special/error.ts';
export * from './special/gamma.ts';
export * from './special/igamma.ts';
export * from './special/modified_bessel.ts';
export * from './special/orthogonal.ts';
