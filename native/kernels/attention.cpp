// Attention without its weights in memory: a block of rows of them at a time.
#include "gemm.hpp"
#include "rows.hpp"
#include "vmath.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

constexpr int64_t BLOCK_ROWS = 32;

INLINE Floats exp_of(Floats x) { return vexp(x); }
INLINE float exp_of(float x) { return std::exp(x); }
INLINE double exp_of(double x) { return std::exp(x); }
INLINE Doubles exp_of(Doubles x) {
  for (int i = 0; i < LANES<double>; i++) x[i] = std::exp(x[i]);
  return x;
}
template <class T> static T max_of_row(const T* x, int64_t n) {
  constexpr T LOWEST = -__builtin_inf();
  Vec<T> lanes = splat(LOWEST);
  T most = LOWEST;
  int64_t j = 0;
  for (; j + LANES<T> <= n; j += LANES<T>) lanes = raw_max(load(x + j), lanes);
  for (int i = 0; i < LANES<T>; i++) most = lanes[i] > most ? lanes[i] : most;
  for (; j < n; j++) most = x[j] > most ? x[j] : most;
  return most;
}

// One head of a (B, H, rows, D) tensor.
template <class T> struct Head {
  T* data;
  int64_t row, column;
  Head(const Strided& x, int64_t b, int64_t h) : data(x.as<T>() + b * x.stride[0] + h * x.stride[1]), row(x.stride[2]), column(x.stride[3]) {}
  T* at(int64_t i) const { return data + i * row; }
};
struct Problem {
  int64_t B, H, L, S, D, key_heads;
  bool causal;
  double scale;
  Problem(const Strided& q, const Strided& k, bool is_causal, double by) : B(q.size[0]), H(q.size[1]), L(q.size[2]), S(k.size[2]), D(q.size[3]), key_heads(k.size[1]), causal(is_causal), scale(by) {}
  int64_t key_head(int64_t h) const { return h / (H / key_heads); }
  // How many keys the rows before `end` see.
  int64_t keys(int64_t end) const { return causal ? std::min(S, end) : S; }
};
template <class T> static void product(const Product<T>& g) { run_plan(make_plan(g), g); }

// scores (rows of S) = (rows first ... end of q) k^T scale + mask; -inf beyond the diagonal
template <class T> static void block_scores(const Problem& p, const Strided& mask, int64_t b, int64_t h, const Head<const T>& q, const Head<const T>& k, int64_t first, int64_t end, T* scores) {
  const int64_t n = p.keys(end);
  product<T>({end - first, n, p.D, q.at(first), q.row, q.column, k.data, k.column, k.row, {scores, p.S, nullptr, 0}});
  const T scale = T(p.scale);
  for (int64_t i = first; i < end; i++) {
    T* row = scores + (i - first) * p.S;
    if (!mask) {
      for (int64_t j = 0; j < n; j++) row[j] *= scale;
    } else {
      const T* add = mask.as<T>() + b * mask.stride[0] + h * mask.stride[1] + i * mask.stride[2];
      const int64_t step = mask.stride[3];
      if (step == 1) for (int64_t j = 0; j < n; j++) row[j] = row[j] * scale + add[j];
      else for (int64_t j = 0; j < n; j++) row[j] = row[j] * scale + add[j * step];
    }
    if (p.causal) for (int64_t j = i + 1; j < n; j++) row[j] = -__builtin_inf();
  }
}

// slots: query (B, H, L, D), key, value (B, G, S, D; H a multiple of G), mask (B, H, L, S or absent), causal, scale, output (B, H, L, D), logsumexp (B, H, L); any strides
KERNEL(attention) {
  const Strided query = in.tensor(), key = in.tensor(), value = in.tensor(), mask = in.tensor();
  const bool causal = in.flag();
  const Problem p(query, key, causal, in.real());
  const Strided output = in.tensor(), logsumexp = in.tensor();
  return for_floating(query.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    if (output.stride[3] != 1) return DECLINED;
    const int64_t blocks = (p.L + BLOCK_ROWS - 1) / BLOCK_ROWS;
    parallel_for(p.B * p.H * blocks, 1, [&](int64_t begin, int64_t stop) {
      T* scores = thread_scratch<T, Use::TILE>(BLOCK_ROWS * p.S);
      for (int64_t task = begin; task < stop; task++) {
        const int64_t first = task % blocks * BLOCK_ROWS, h = task / blocks % p.H, b = task / blocks / p.H, end = std::min(p.L, first + BLOCK_ROWS), n = p.keys(end);
        const Head<const T> q(query, b, h), k(key, b, p.key_head(h)), v(value, b, p.key_head(h));
        const Head<T> out(output, b, h);
        block_scores<T>(p, mask, b, h, q, k, first, end, scores);
        T inverse[BLOCK_ROWS];
        for (int64_t i = first; i < end; i++) {
          T* row = scores + (i - first) * p.S;
          T most = max_of_row(row, n);
          if (most == T(-__builtin_inf())) most = 0;
          double sum = sum_row<T>(n, [&](auto step, int64_t j) INLINE_LAMBDA {
            const auto e = exp_of(step.load(row + j) - most);
            step.store(row + j, e);
            return e;
          });
          if (sum == 0) sum = 1;                                          // all masked: zeros
          inverse[i - first] = T(1 / sum);
          logsumexp.as<T>()[b * logsumexp.stride[0] + h * logsumexp.stride[1] + i * logsumexp.stride[2]] = T(most + std::log(sum));
        }
        product<T>({end - first, p.D, n, scores, p.S, 1, v.data, v.row, v.column, {out.at(first), out.row, nullptr, 0}});
        for (int64_t i = first; i < end; i++)
          for (int64_t d = 0; d < p.D; d++) out.at(i)[d] *= inverse[i - first];
      }
    });
    return DONE;
  });
}

// slots: grad (B, H, L, D), query, key, value, mask, logsumexp (as above), causal, scale, grad_query, grad_key, grad_value (of the inputs' shapes); any strides
KERNEL(attention_backward) {
  const Strided grad = in.tensor(), query = in.tensor(), key = in.tensor(), value = in.tensor(), mask = in.tensor(), logsumexp = in.tensor();
  const bool causal = in.flag();
  const Problem p(query, key, causal, in.real());
  const Strided grad_query = in.tensor(), grad_key = in.tensor(), grad_value = in.tensor();
  return for_floating(query.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    for (const Strided* x : {&grad_query, &grad_key, &grad_value})
      if (x->stride[3] != 1) return DECLINED;
    const int64_t shared = p.H / p.key_heads;
    parallel_for(p.B * p.key_heads, 1, [&](int64_t begin, int64_t stop) {
      T *weights = thread_scratch<T, Use::TILE>(2 * BLOCK_ROWS * p.S), *change = weights + BLOCK_ROWS * p.S;
      for (int64_t task = begin; task < stop; task++) {
        const int64_t kh = task % p.key_heads, b = task / p.key_heads;
        const Head<const T> k(key, b, kh), v(value, b, kh);
        const Head<T> dk(grad_key, b, kh), dv(grad_value, b, kh);
        for (int64_t j = 0; j < p.S; j++) {
          std::memset(dk.at(j), 0, p.D * sizeof(T));
          std::memset(dv.at(j), 0, p.D * sizeof(T));
        }
        for (int64_t h = kh * shared; h < (kh + 1) * shared; h++) {
          const Head<const T> q(query, b, h), g(grad, b, h);
          const Head<T> dq(grad_query, b, h);
          for (int64_t first = 0; first < p.L; first += BLOCK_ROWS) {
            const int64_t end = std::min(p.L, first + BLOCK_ROWS), m = end - first, n = p.keys(end);
            block_scores<T>(p, mask, b, h, q, k, first, end, weights);
            product<T>({m, n, p.D, g.at(first), g.row, g.column, v.data, v.column, v.row, {change, p.S, nullptr, 0}});
            const T scale = T(p.scale);
            for (int64_t i = first; i < end; i++) {
              T *w = weights + (i - first) * p.S, *c = change + (i - first) * p.S;
              const T lse = logsumexp.as<T>()[b * logsumexp.stride[0] + h * logsumexp.stride[1] + i * logsumexp.stride[2]];
              // The weights' sum is 1 up to rounding, which would not cancel in the sum of the changes.
              double sum = sum_row<T>(n, [&](auto step, int64_t j) INLINE_LAMBDA {
                const auto e = exp_of(step.load(w + j) - lse);
                step.store(w + j, e);
                return e;
              });
              if (sum == 0) sum = 1;
              const T mean = T(sum_row<T>(n, [&](auto step, int64_t j) INLINE_LAMBDA { return step.load(w + j) * step.load(c + j); }) / sum);
              for_row<T>(n, [&](auto step, int64_t j) INLINE_LAMBDA { step.store(c + j, step.load(w + j) * (step.load(c + j) - mean) * scale); });
            }
            product<T>({m, p.D, n, change, p.S, 1, k.data, k.row, k.column, {dq.at(first), dq.row, nullptr, 0}});
            product<T>({n, p.D, m, change, 1, p.S, q.at(first), q.row, q.column, {dk.data, dk.row, dk.data, dk.row}});
            product<T>({n, p.D, m, weights, 1, p.S, g.at(first), g.row, g.column, {dv.data, dv.row, dv.data, dv.row}});
          }
        }
      }
    });
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
