// Matrix decompositions in double precision, one matrix at a time, with LAPACK's conventions (signs, order, packing, pivots from 1), so
// that results agree with PyTorch's where a decomposition is unique by convention. Real and complex matrices go through the same code.
export * from './linalg/cholesky.ts';
export * from './linalg/eigen.ts';
export * from './linalg/hermitian.ts';
export * from './linalg/ldl.ts';
export * from './linalg/least_squares.ts';
export * from './linalg/lu.ts';
export {
  block,
  type Complex,
  copyOf,
  identity,
  keepTriangle,
  type Matrix,
  matrix,
  product,
  toComplex,
  transpose,
} from './linalg/matrix.ts';
export * from './linalg/qr.ts';
export * from './linalg/svd.ts';
export * from './linalg/triangular.ts';
