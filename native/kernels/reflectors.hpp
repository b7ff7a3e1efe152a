// Householder reflectors H = I - tau v v^H with v[0] = 1 (LAPACK's larfg), one at a time and in blocks.
#pragma once
#include "matrices.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

constexpr int64_t PANEL = 32;

// x (n > 0 numbers) becomes v of the reflector with H^H x = (beta, 0, ..., 0); beta is real and has the sign opposite to x[0]'s. Gives beta.
template <class S> static double make_reflector(int64_t n, S* x, S& tau) {
  constexpr double TINY = 0x1p-969;
  double tail = norm_of(n - 1, x + 1);
  tau = S(0);
  if (tail == 0 && imaginary_part(x[0]) == 0) {
    const double beta = real_part(x[0]);
    x[0] = S(1);
    return beta;
  }
  const auto other_sign = [&] { return -with_sign(std::hypot(magnitude(x[0]), tail), real_part(x[0]) == 0 ? 1 : real_part(x[0])); };
  double beta = other_sign();
  // Tiny vectors are scaled up so that beta and alpha - beta keep their digits.
  int rescalings = 0;
  for (; std::abs(beta) < TINY && rescalings < 20; rescalings++) {
    scale_by(n, 1 / TINY, x);
    tail = norm_of(n - 1, x + 1);
    beta = other_sign();
  }
  const S alpha = x[0];
  tau = S((S(beta) - alpha) * (1 / beta));
  scale_by(n - 1, S(1) / (alpha - S(beta)), x + 1);
  x[0] = S(1);
  for (; rescalings > 0; rescalings--) beta *= TINY;
  return beta;
}

// A product H_1 H_2 ... of reflectors: row k holds v of H_{k+1}, from column `first` + k on, zeros before; `length` numbers a row.
template <class S> class Reflectors {
 public:
  const int64_t length, first;
  int64_t count = 0;

 private:
  Buffer<S> rows, taus;

 public:
  Reflectors(int64_t most, int64_t length, int64_t first) : length(length), first(first), rows(most * length), taus(most) {
    if (!rows || !taus) out_of_memory();
  }
  int64_t start(int64_t k) const { return first + k; }
  // v of the k-th reflector, and what it is made of: length - start(k) numbers.
  S* v(int64_t k) const { return &rows[k * length + start(k)]; }
  S tau(int64_t k) const { return taus[k]; }
  // Makes the next reflector from what lies at v(count). Gives beta.
  double make() {
    std::fill(&rows[count * length], v(count), S(0));
    const double beta = make_reflector(length - start(count), v(count), taus[count]);
    count++;
    return beta;
  }
  // x (length x columns dense rows) <- H_1 H_2 ... x, or its adjoint times x
  void apply(S* x, int64_t columns, bool adjoint = false) const {
    if constexpr (std::is_floating_point_v<S>) apply_blocks(x, columns, adjoint);
    else {
      Buffer<S> sum(columns);
      if (!sum) out_of_memory();
      for (int64_t k = 0; k < count; k++) apply_one(adjoint ? k : count - 1 - k, adjoint, x, columns, columns, sum.get());
    }
  }
  // x (rows `step` apart, its first row the 0-th) <- H_k x, or H_k^H x. Scratch: columns.
  void apply_one(int64_t k, bool adjoint, S* x, int64_t columns, int64_t step, S* sum) const {
    const int64_t from = start(k), n = length - from;
    const S* u = v(k);
    std::fill_n(sum, columns, S(0));
    for (int64_t i = 0; i < n; i++) add_scaled(columns, conjugate(u[i]), x + (from + i) * step, sum);
    const S factor = adjoint ? conjugate(tau(k)) : tau(k);
    for (int64_t i = 0; i < n; i++) add_scaled(columns, -(factor * u[i]), sum, x + (from + i) * step);
  }

 private:
  void apply_blocks(S* x, int64_t columns, bool adjoint) const;
};

// ---- blocks of real reflectors

// The triangle t (width x width dense rows) with H_1 H_2 ... = I - v t v^T, from v (rows x width, zeros and a one above) and the factors.
template <class C> static void form_triangle(int64_t rows, int64_t width, Square<C> v, const C* tau, C* t) {
  // The upper triangle of v^T v is needed.
  C gram[PANEL * PANEL];
  run_product<C>({width, width, rows, v.a, v.column, v.row, v.a, v.row, v.column, Target<C>{gram, width, nullptr, 0}});
  for (int64_t k = 0; k < width; k++) {
    for (int64_t j = 0; j < k; j++) {
      C s = 0;
      for (int64_t p = j; p < k; p++) s += t[j * width + p] * gram[p * width + k];
      t[j * width + k] = -tau[k] * s;
      t[k * width + j] = 0;
    }
    t[k * width + k] = tau[k];
  }
}
// c (rows x columns, rows `step` apart) = (I - v op(t) v^T) c. Scratch: 2 width columns + rows width.
template <class C> static void reflect(int64_t rows, int64_t columns, int64_t width, Square<C> v, const C* t, bool transposed, C* c, int64_t step, C* scratch) {
  if (columns <= 0) return;
  C *w = scratch, *tw = w + width * columns, *negative = tw + width * columns;
  run_product<C>({width, columns, rows, v.a, v.column, v.row, c, step, 1, Target<C>{w, columns, nullptr, 0}});
  run_product<C>({width, columns, width, t, transposed ? 1 : width, transposed ? width : 1, w, columns, 1, Target<C>{tw, columns, nullptr, 0}});
  subtract_product(rows, columns, width, v, tw, columns, c, step, negative);
}
template <class S> void Reflectors<S>::apply_blocks(S* x, int64_t columns, bool adjoint) const {
  Buffer<S> t(PANEL * PANEL), scratch(PANEL * (2 * columns + length));
  if (!t || !scratch) out_of_memory();
  const int64_t panels = (count + PANEL - 1) / PANEL;
  for (int64_t p = 0; p < panels; p++) {
    const int64_t begin = (adjoint ? p : panels - 1 - p) * PANEL, width = std::min(PANEL, count - begin), from = start(begin);
    const Square<S> block{v(begin), 1, length};
    form_triangle(length - from, width, block, &taus[begin], t.get());
    reflect(length - from, columns, width, block, t.get(), adjoint, x + from * columns, columns, scratch.get());
  }
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
