// Kernels that work block by block or line by line against the reference, at sizes beside and beyond their blocks.
import { afterAll, describe, expect, it } from 'vitest';
import * as torch from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import type { BackendName } from '../../src/backend/select.ts';
import { BACKENDS } from '../helpers/backends.ts';

const before = torch.get_backend();
afterAll(() => torch.set_backend(before));

const parts = (t: Tensor): Tensor => (t.is_complex() ? torch.view_as_real(t) : t);
/** The largest distance of two results, in parts of the largest number. */
function distance(a: Tensor, b: Tensor): number {
  expect([...a.shape]).toEqual([...b.shape]);
  const size = parts(b).abs().max().item();
  return parts(a).sub(parts(b)).abs().max().item() / (size || 1);
}
/** The results of `f` on a backend and on the reference. */
function compare(backend: BackendName, f: () => readonly Tensor[], tolerance: number): void {
  torch.set_backend('reference');
  const expected = f();
  torch.set_backend(backend);
  f().forEach((t, i) => {
    expect(distance(t.double(), expected[i]!.double()), `result ${i}`).toBeLessThan(tolerance);
  });
}
const TOLERANCE = { float32: 3e-4, float64: 1e-11 };

describe.each(BACKENDS.filter((b) => b !== 'reference'))('%s', (backend) => {
  for (const dtype of ['float32', 'float64'] as const) {
    /** Well-conditioned matrices that lie row by row or column by column. */
    const matrices = (n: number, transposed: boolean): Tensor => {
      torch.manual_seed(n);
      const a = torch.randn(2, n, n, { dtype: torch[dtype] }).add(torch.eye(n, { dtype: torch[dtype] }).mul(2 * Math.sqrt(n)));
      return transposed ? a.mT : a;
    };
    for (const n of [1, 47, 48, 49, 97, 150]) {
      for (const transposed of [false, true]) {
        it(`factors and systems of ${n} × ${n} ${transposed ? 'transposed ' : ''}${dtype}`, () => {
          const a = matrices(n, transposed);
          const b = torch.randn(2, n, 5, { dtype: torch[dtype] });
          const definite = a.matmul(a.mT).add(torch.eye(n, { dtype: torch[dtype] }));
          compare(
            backend,
            () => [
              ...torch.linalg.lu_factor(a),
              torch.linalg.cholesky(definite),
              torch.linalg.cholesky(definite, { upper: true }),
              torch.linalg.solve(a, b),
              torch.linalg.inv(a),
              torch.linalg.det(a.div(2 * Math.sqrt(n))),
              ...torch.linalg.slogdet(a),
              ...torch.linalg.qr(a),
              torch.linalg.solve_triangular(a.triu(), b, { upper: true }),
              torch.linalg.solve_triangular(a.tril(), b.mT, { upper: false, left: false }),
            ],
            TOLERANCE[dtype],
          );
        });
      }
    }
    it(`LU and QR of matrices that are not square, ${dtype}`, () => {
      for (const [m, n] of [
        [60, 131],
        [131, 60],
      ] as const) {
        const a = matrices(131, false).narrow(1, 0, m).narrow(2, 0, n);
        compare(
          backend,
          () => [...torch.linalg.lu_factor(a), ...torch.linalg.qr(a), ...torch.linalg.qr(a, { mode: 'complete' })],
          TOLERANCE[dtype],
        );
      }
    });
    it(`eigenvalues and singular values of every shape, ${dtype}`, () => {
      for (const [m, n] of [
        [1, 1],
        [2, 2],
        [3, 3],
        [33, 33],
        [50, 40],
        [40, 50],
        [70, 20],
        [20, 70],
      ] as const) {
        torch.manual_seed(m);
        const random = (rows: number, columns: number): Tensor => torch.randn(2, rows, columns, { dtype: torch[dtype] });
        for (const a of [random(m, n), torch.complex(random(m, n), random(m, n)), random(n, m).mT]) {
          const { linalg } = torch;
          // A vector's sign may hang on the last bit: magnitudes are compared, and what the vectors are for.
          const singular = (full_matrices: boolean): Tensor[] => {
            const [U, S, Vh] = linalg.svd(a, { full_matrices });
            const k = Math.min(m, n);
            const product = U.narrow(-1, 0, k)
              .mul(S.unsqueeze(-2))
              .matmul(Vh.narrow(-2, 0, k));
            return [S, product, U.mH.matmul(U), Vh.matmul(Vh.mH), U.narrow(-1, 0, k).abs(), Vh.narrow(-2, 0, k).abs()];
          };
          const eigen = (pair: Iterable<Tensor>, of: Tensor): Tensor[] => {
            const [values, vectors] = [...pair] as [Tensor, Tensor];
            const residual = of
              .to(vectors.dtype)
              .matmul(vectors)
              .sub(vectors.mul(values.unsqueeze(-2)));
            return [values, vectors.abs(), residual.abs().add(1)];
          };
          const all = (): Tensor[] => {
            const results = [...singular(true), ...singular(false), linalg.svdvals(a)];
            if (m === n) {
              const hermitian = a.add(a.mH);
              results.push(...eigen(linalg.eigh(hermitian), hermitian), ...eigen(linalg.eigh(hermitian, 'U'), hermitian));
              results.push(...eigen(linalg.eig(a), a), linalg.eigvalsh(a), linalg.eigvals(a));
            }
            return results.map(parts);
          };
          compare(backend, all, dtype === 'float32' ? 2e-5 : 1e-8);
        }
      }
    });
    it(`least squares, distances and Kronecker products, ${dtype}`, () => {
      const random = (...shape: number[]): Tensor => torch.randn(shape, { dtype: torch[dtype] });
      for (const [m, n, k] of [
        [1, 1, 1],
        [7, 4, 2],
        [70, 33, 5],
        [90, 90, 40],
        [5, 9, 2],
      ] as const) {
        torch.manual_seed(m);
        const [a, b] = [random(2, m, n), random(2, m, k)];
        // The last column repeats the first: not of full rank.
        const deficient = torch.cat([a, a.narrow(-1, 0, 1)], -1);
        for (const driver of ['gels', 'gelsy'] as const) {
          compare(
            backend,
            () => [torch.linalg.lstsq(a, b, { driver }).solution, torch.linalg.lstsq(a.mT, random(2, n, k).fill_(1), { driver }).solution],
            dtype === 'float32' ? 1e-2 : 1e-8,
          );
        }
        compare(backend, () => [torch.linalg.lstsq(deficient, b).solution], dtype === 'float32' ? 1e-2 : 1e-8);
      }
      for (const [p, r, n] of [
        [30, 5, 3],
        [33, 65, 64],
        [1, 40, 1],
      ] as const) {
        const [x, y] = [random(2, p, n), random(r, n)];
        compare(backend, () => [torch.cdist(x, y), torch.cdist(x.mT.contiguous().mT, y)], TOLERANCE[dtype]);
      }
      const [x, y] = [random(5, 7), random(33, 3)];
      compare(backend, () => [torch.kron(x, y), torch.kron(x.t(), y.t()), torch.kron(y, x), torch.kron(x, y.narrow(1, 0, 1))], 1e-12);
    });
    it(`exponentials of matrices of every norm, ${dtype}`, () => {
      torch.manual_seed(5);
      const a = torch.randn(9, 6, 6, { dtype: torch[dtype] });
      const scales = torch.tensor([1e-20, 1e-9, 1e-5, 1e-3, 0.02, 0.1, 0.4, 1, 3], { dtype: torch[dtype] }).reshape(9, 1, 1);
      const small = (x: Tensor): Tensor => x.narrow(0, 0, 7);
      for (const x of [a.mul(scales), torch.complex(a, a.mT).mul(scales)]) {
        compare(
          backend,
          () => [x.matrix_exp(), small(x).matrix_exp().matmul(small(x).neg().matrix_exp())].map(parts),
          dtype === 'float32' ? 2e-4 : 1e-11,
        );
      }
    });
    it(`Fourier transforms of every kind of length, ${dtype}`, () => {
      for (const n of [1, 2, 3, 5, 7, 16, 37, 64, 97, 100, 243, 256, 257, 1000, 1009, 2310, 4096]) {
        torch.manual_seed(n);
        const x = torch.randn(3, n, { dtype: torch[dtype] });
        const z = torch.complex(x, torch.randn(3, n, { dtype: torch[dtype] }));
        const { fft } = torch;
        compare(
          backend,
          () => [fft.fft(z), fft.ifft(z), fft.rfft(x), fft.fft(x), fft.irfft(z, { n }), fft.fft(z.t(), { dim: 0 }), fft.fft2(z)].map(parts),
          dtype === 'float32' ? 2e-6 : 1e-14,
        );
      }
    });
  }
});
