// What is computed for all pairs of two tensors' parts: Euclidean distances of rows, Kronecker products.
#include "matrices.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

INLINE float root_of(float x) { return std::sqrt(x); }
INLINE double root_of(double x) { return std::sqrt(x); }
template <class V> INLINE V root_of(V x) { return vsqrt(x); }
template <class V> INLINE V not_negative(V x) {
  if constexpr (std::is_floating_point_v<V>) return x < 0 ? 0 : x;
  else return maximum(x, V{});
}
template <class T> static void squared_norms(const Batch& rows, int64_t b, T* out) {
  const T* x = rows.x.as<T>() + rows.start(b);
  for (int64_t i = 0; i < rows.rows; i++) {
    const T* row = x + i * rows.row;
    if (rows.column == 1) out[i] = dot_of(rows.columns, row, row);
    else {
      double sum = 0;
      for (int64_t j = 0; j < rows.columns; j++) sum += double(row[j * rows.column]) * double(row[j * rows.column]);
      out[i] = T(sum);
    }
  }
}

// slots: x (p x n), y (r x n), distances (p x r, dense): batches of one shape, any strides. |x|^2 + |y|^2 - 2 x y^T under the root; nothing negative.
KERNEL(euclidean_distances) {
  const Strided x = in.tensor(), y = in.tensor(), out = in.tensor();
  if (!are_matrices(x) || !are_matrices(y) || x.dtype != y.dtype || x.dtype != out.dtype || !out.contiguous()) return DECLINED;
  const Batch left(x), right(y);
  const int64_t p = left.rows, r = right.rows;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    Buffer<T> of_left(left.count * p), of_right(left.count * r);
    if (!of_left || !of_right) return OUT_OF_MEMORY;
    for (int64_t b = 0; b < left.count; b++) {
      squared_norms(left, b, &of_left[b * p]);
      squared_norms(right, b, &of_right[b * r]);
    }
    run_products<T>(left.count, [&](int64_t b) {
      const Target<T> to{out.as<T>() + b * p * r, r, nullptr, 0};
      return Product<T>{p, r, left.columns, x.as<T>() + left.start(b), left.row, left.column, y.as<T>() + right.start(b), right.column, right.row, to};
    });
    parallel_for(left.count * p, row_grain(r), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        T* row = out.as<T>() + i * r;
        const T *norms = &of_right[i / p * r], own = of_left[i];
        for_row<T>(r, [&](auto step, int64_t j) INLINE_LAMBDA {
          const auto product = step.load(row + j);
          step.store(row + j, root_of(not_negative((own + step.load(norms + j)) - (product + product))));
        });
      }
    });
    return DONE;
  });
}

// slots: x (m x n), y (p x q), out (m p x n q, dense): every element of x times the whole of y
KERNEL(kron) {
  const Strided x = in.tensor(), y = in.tensor(), out = in.tensor();
  if (!are_matrices(x) || !are_matrices(y) || x.dtype != y.dtype || x.dtype != out.dtype || !out.contiguous()) return DECLINED;
  const Batch left(x), right(y);
  const int64_t n = left.columns, p = right.rows, q = right.columns;
  return for_floating(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    Buffer<T> b(p * q);
    if (!b) return OUT_OF_MEMORY;
    right.load<T>(0, b.get());
    parallel_for(left.rows * p, row_grain(n * q), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        const T *factors = x.as<T>() + r / p * left.row, *row = &b[r % p * q];
        T* to = out.as<T>() + r * n * q;
        for (int64_t j = 0; j < n; j++, to += q) {
          const T factor = factors[j * left.column];
          for_row<T>(q, [&](auto step, int64_t k) INLINE_LAMBDA { step.store(to + k, factor * step.load(row + k)); });
        }
      }
    });
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
