// Matrix products of two-dimensional tensors and of batches.
#include <type_traits>
#include "gemm.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// A batch of matrices: the last two dimensions, and the stride of the one before (0 where it is broadcast or absent).
struct Matrices {
  int64_t rows, columns, row, column, batch;
  Matrices() = default;
  explicit Matrices(const Strided& x) {
    const int d = x.ndim - 2;
    rows = x.size[d];
    columns = x.size[d + 1];
    row = x.stride[d];
    column = x.stride[d + 1];
    batch = d == 1 && x.size[0] != 1 ? x.stride[0] : 0;
  }
  void transpose() {
    std::swap(rows, columns);
    std::swap(row, column);
  }
};
static bool is_matrices(const Strided& x) { return x.ndim == 2 || x.ndim == 3; }

// What is added to the product, as a batch of matrices of C's size.
static Matrices bias_matrices(const Strided& bias, const Matrices& c) {
  Matrices m;
  m.rows = c.rows;
  m.columns = c.columns;
  auto stride = [&](int from_end) { return bias.ndim >= from_end && bias.size[bias.ndim - from_end] != 1 ? bias.stride[bias.ndim - from_end] : 0; };
  m.column = stride(1);
  m.row = stride(2);
  m.batch = stride(3);
  return m;
}

template <class T> static void fill_with_bias(int64_t count, const Matrices& c, T* to, const Matrices& bias, const T* from) {
  for (int64_t b = 0; b < count; b++)
    for (int64_t i = 0; i < c.rows; i++)
      for (int64_t j = 0; j < c.columns; j++) to[b * c.batch + i * c.row + j * c.column] = from[b * bias.batch + i * bias.row + j * bias.column];
}

template <class T> static Status floating_products(int64_t count, Matrices a, const T* x, Matrices b, const T* y, Matrices c, T* out, Matrices bias, const T* base) {
  // C = A B as C^T = B^T A^T: where C's columns are the dense ones, and for a single column.
  if ((c.column != 1 && c.row == 1) || (c.columns == 1 && c.rows > 1 && c.row == 1)) {
    std::swap(a, b);
    std::swap(x, y);
    a.transpose();
    b.transpose();
    c.transpose();
    bias.transpose();
  }
  if (c.columns == 1) c.column = 1;
  if (c.column != 1) return DECLINED;
  if (a.columns == 1) a.column = 1;
  if (b.columns == 1 && b.row == 1) b.column = b.rows;                    // one column: the dot path may take it
  if (c.columns == 1) bias.column = 1;
  if (base && bias.column != 1) {
    fill_with_bias(count, c, out, bias, base);
    base = out;
    bias = c;
  }
  run_products<T>(count, [&](int64_t i) {
    const Target<T> to{out + i * c.batch, c.row, base ? base + i * bias.batch : nullptr, bias.row};
    return Product<T>{c.rows, c.columns, a.columns, x + i * a.batch, a.row, a.column, y + i * b.batch, b.row, b.column, to};
  });
  return DONE;
}

// Integers wrap; they are computed unsigned, where that is defined.
template <class T> static Status integer_products(int64_t count, Matrices a, const T* x, Matrices b, const T* y, Matrices c, T* out, Matrices bias, const T* base) {
  using U = std::conditional_t<sizeof(T) < 4, uint32_t, std::make_unsigned_t<T>>;
  const int64_t k = a.columns, rows = count * c.rows;
  parallel_for(rows, 1 + (1 << 16) / (1 + k * c.columns), [&](int64_t begin, int64_t end) {
    U* sum = thread_scratch<U, Use::ROW>(c.columns + 1);
    for (int64_t r = begin; r < end; r++) {
      const int64_t batch = r / c.rows, i = r % c.rows;
      for (int64_t j = 0; j < c.columns; j++) sum[j] = base ? U(base[batch * bias.batch + i * bias.row + j * bias.column]) : U(0);
      for (int64_t p = 0; p < k; p++) {
        const U factor = U(x[batch * a.batch + i * a.row + p * a.column]);
        const T* row = y + batch * b.batch + p * b.row;
        for (int64_t j = 0; j < c.columns; j++) sum[j] += factor * U(row[j * b.column]);
      }
      for (int64_t j = 0; j < c.columns; j++) out[batch * c.batch + i * c.row + j * c.column] = T(sum[j]);
    }
  });
  return DONE;
}

// slots: a (2-D or 3-D), b (2-D or 3-D), c (2-D or 3-D, written), bias (absent, or broadcastable to c; may be c itself). c = a b + bias; a batch dimension of size 1 is broadcast.
KERNEL(gemm) {
  const Strided a = in.tensor(), b = in.tensor(), c = in.tensor(), bias = in.tensor();
  if (!is_matrices(a) || !is_matrices(b) || !is_matrices(c) || bias.ndim > 3) return DECLINED;
  if (a.dtype != c.dtype || b.dtype != c.dtype || (bias && bias.dtype != c.dtype) || c.dtype == DType::boolean) return DECLINED;
  const Matrices ma(a), mb(b), mc(c), mbias = bias ? bias_matrices(bias, mc) : mc;
  const int64_t count = c.ndim == 3 ? c.size[0] : 1;
  return for_real(c.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* base = bias ? bias.as<T>() : nullptr;
    if constexpr (std::is_floating_point_v<T>) return floating_products<T>(count, ma, a.as<T>(), mb, b.as<T>(), mc, c.as<T>(), mbias, base);
    else return integer_products<T>(count, ma, a.as<T>(), mb, b.as<T>(), mc, c.as<T>(), mbias, base);
  });
}

// slots: x, y (contiguous float32 vectors), result. Nothing fused, in the order of PyTorch's BLAS: four sums of four lanes, the last elements one by one into the first lane.
KERNEL(dot) {
  const Strided xs = in.tensor(), ys = in.tensor(), result = in.tensor();
  if (xs.dtype != DType::f32 || ys.dtype != DType::f32 || result.dtype != DType::f32) return DECLINED;
  const float *x = xs.as<float>(), *y = ys.as<float>();
  const int64_t n = xs.size[0];
  Quad sum[4] = {};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) unroll<4>([&](auto k) INLINE_LAMBDA { sum[k] += load_quad(x + i + 4 * k) * load_quad(y + i + 4 * k); });
  if (i + 8 <= n) {
    unroll<2>([&](auto k) INLINE_LAMBDA { sum[k] += load_quad(x + i + 4 * k) * load_quad(y + i + 4 * k); });
    i += 8;
  }
  if (i + 4 <= n) {
    sum[0] += load_quad(x + i) * load_quad(y + i);
    i += 4;
  }
  for (; i < n; i++) sum[0][0] += x[i] * y[i];
  const Quad s = sum[0] + sum[1] + sum[2] + sum[3];
  *result.as<float>() = (s[0] + s[2]) + (s[1] + s[3]);
  return DONE;
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
