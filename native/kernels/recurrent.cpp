// Recurrent layers over all steps, in one direction. The products with the inputs are given; each step adds those with the hidden state. Packed: the rows of step t are
// the first sizes[t] sequences, and the steps follow each other.
#include "gemm.hpp"
#include "rows.hpp"
#include "vmath.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

INLINE Floats sigmoid_of(Floats x) { return vsigmoid(x); }
INLINE Floats tanh_of(Floats x) { return vtanh(x); }
template <class T> INLINE T sigmoid_of(T x)
  requires std::is_floating_point_v<T>
{ return T(1) / (T(1) + std::exp(-x)); }
template <class T> INLINE T tanh_of(T x)
  requires std::is_floating_point_v<T>
{ return std::tanh(x); }
template <class F> INLINE Doubles by_lane(Doubles x, F f) {
  for (int i = 0; i < LANES<double>; i++) x[i] = f(x[i]);
  return x;
}
INLINE Doubles sigmoid_of(Doubles x) { return by_lane(x, [](double v) { return sigmoid_of(v); }); }
INLINE Doubles tanh_of(Doubles x) { return by_lane(x, [](double v) { return tanh_of(v); }); }
template <class V> INLINE V relu_of(V x) {
  if constexpr (std::is_floating_point_v<V>) return x < V(0) ? V(0) : x;
  else return select(x < V{}, V{}, x);
}
// x where y > 0, else 0.
template <class V> INLINE V where_positive(V y, V x) {
  if constexpr (std::is_floating_point_v<V>) return y > V(0) ? x : V(0);
  else return select(y > V{}, x, V{});
}

enum class Mode : int { LSTM = 0, GRU = 1, TANH = 2, RELU = 3 };
static int gates_of(Mode mode) { return mode == Mode::LSTM ? 4 : mode == Mode::GRU ? 3 : 1; }
// What the backward pass needs of a row: LSTM i f g o c', GRU r z n and the new gate's product; the others their output.
static int saved_of(Mode mode) { return mode == Mode::LSTM ? 5 : mode == Mode::GRU ? 4 : 0; }

struct Steps {
  int64_t count, rows = 0, most = 0;
  bool reverse;
  Buffer<int64_t> size, at;
  Steps(Reader& in) : count(in.integer()), size(count + 1), at(count + 1) {
    for (int64_t t = 0; t < count; t++) {
      size[t] = in.integer();
      at[t] = rows;
      rows += size[t];
      most = std::max(most, size[t]);
    }
    reverse = in.flag();
  }
  int64_t order(int64_t i) const { return reverse ? count - 1 - i : i; }
  // Of the sequences of the i-th step carried out, so many were in the one before; the others start here.
  int64_t carried(int64_t i) const { return i == 0 ? 0 : std::min(size[order(i)], size[order(i - 1)]); }
  // The row that a sequence had before, of rows that are `width` wide.
  template <class T> const T* before(int64_t i, int64_t b, const T* rows_of, int64_t width, const T* start, int64_t start_width) const {
    return b < carried(i) ? rows_of + (at[order(i - 1)] + b) * width : start + b * start_width;
  }
};

template <class T> struct Layer {
  Mode mode;
  int64_t hidden;
  const Steps& steps;
  int64_t gates() const { return gates_of(mode) * hidden; }
  int64_t saved() const { return saved_of(mode) * hidden; }
  int64_t step_grain() const { return row_grain(hidden * 8); }
};

// out (rows, gates) = h W^T + base for the rows of a step; h is partly in the outputs of the step before, partly in the start.
template <class T> static void hidden_products(const Layer<T>& l, int64_t i, const T* output, const T* start, const T* weight_t, Target<T> to) {
  const int64_t n = l.steps.size[l.steps.order(i)], m = l.steps.carried(i), H = l.hidden, G = l.gates();
  if (m) run_product<T>({m, G, H, output + l.steps.at[l.steps.order(i - 1)] * H, H, 1, weight_t, G, 1, to});
  if (n > m) run_product<T>({n - m, G, H, start + m * H, H, 1, weight_t, G, 1, to.at(m, 0)});
}

// slots: gates (N, G H), hx (B, H), cx (B, H or absent), w_hh (G H, H), b_hh (G H or absent; GRU only), mode, steps, their sizes, reverse, output (N, H), hn (B, H), cn (B, H or absent), saved (N, S H)
KERNEL(recurrent_layer) {
  const Strided gates = in.tensor(), hx = in.tensor(), cx = in.tensor(), w_hh = in.tensor(), b_hh = in.tensor();
  const Mode mode = Mode(in.integer());
  const Steps steps(in);
  const Strided output = in.tensor(), hn = in.tensor(), cn = in.tensor(), saved = in.tensor();
  return for_floating(gates.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const int64_t H = hx.size[1];
    const Layer<T> l{mode, H, steps};
    const int64_t G = l.gates(), S = l.saved();
    Buffer<T> weight_t(G * H + 1), products(steps.most * G + 1);
    if (!steps.size || !steps.at || !weight_t || !products) return OUT_OF_MEMORY;
    const T* w = w_hh.as<T>();
    for (int64_t j = 0; j < G; j++)
      for (int64_t k = 0; k < H; k++) weight_t[k * G + j] = w[j * H + k];
    const T *x = gates.as<T>(), *h0 = hx.as<T>(), *c0 = cx ? cx.as<T>() : nullptr, *bias = b_hh ? b_hh.as<T>() : nullptr;
    T *y = output.as<T>(), *kept = saved.as<T>();
    for (int64_t i = 0; i < steps.count; i++) {
      const int64_t t = steps.order(i), n = steps.size[t], first = steps.at[t];
      const T* xt = x + first * G;
      if (mode == Mode::LSTM) hidden_products<T>(l, i, y, h0, weight_t.get(), {kept + first * S, S, xt, G});
      else if (mode == Mode::GRU) hidden_products<T>(l, i, y, h0, weight_t.get(), {products.get(), G, bias, 0});
      else hidden_products<T>(l, i, y, h0, weight_t.get(), {y + first * H, H, xt, G});
      parallel_for(n, l.step_grain(), [&](int64_t from, int64_t to) {
        for (int64_t b = from; b < to; b++) {
          T *out = y + (first + b) * H, *s = kept + (first + b) * S;
          if (mode == Mode::LSTM) {
            const T* c = steps.before(i, b, kept + 4 * H, S, c0, H);
            for_row<T>(H, [&](auto step, int64_t j) INLINE_LAMBDA {
              const auto in_gate = sigmoid_of(step.load(s + j)), forget = sigmoid_of(step.load(s + H + j)), cell = tanh_of(step.load(s + 2 * H + j));
              const auto out_gate = sigmoid_of(step.load(s + 3 * H + j)), next = forget * step.load(c + j) + in_gate * cell;
              step.store(s + j, in_gate);
              step.store(s + H + j, forget);
              step.store(s + 2 * H + j, cell);
              step.store(s + 3 * H + j, out_gate);
              step.store(s + 4 * H + j, next);
              step.store(out + j, out_gate * tanh_of(next));
            });
          } else if (mode == Mode::GRU) {
            const T *xr = xt + b * G, *p = products.get() + b * G, *h = steps.before(i, b, static_cast<const T*>(y), H, h0, H);
            for_row<T>(H, [&](auto step, int64_t j) INLINE_LAMBDA {
              const auto reset = sigmoid_of(step.load(xr + j) + step.load(p + j)), update = sigmoid_of(step.load(xr + H + j) + step.load(p + H + j));
              const auto product = step.load(p + 2 * H + j), fresh = tanh_of(step.load(xr + 2 * H + j) + reset * product);
              step.store(s + j, reset);
              step.store(s + H + j, update);
              step.store(s + 2 * H + j, fresh);
              step.store(s + 3 * H + j, product);
              step.store(out + j, (step.load(h + j) - fresh) * update + fresh);
            });
          } else if (mode == Mode::TANH) {
            for_row<T>(H, [&](auto step, int64_t j) INLINE_LAMBDA { step.store(out + j, tanh_of(step.load(out + j))); });
          } else {
            for_row<T>(H, [&](auto step, int64_t j) INLINE_LAMBDA { step.store(out + j, relu_of(step.load(out + j))); });
          }
          std::memcpy(hn.as<T>() + b * H, out, H * sizeof(T));            // the last write stays
          if (mode == Mode::LSTM) std::memcpy(cn.as<T>() + b * H, s + 4 * H, H * sizeof(T));
        }
      });
    }
    return DONE;
  });
}

// slots: grad_output (N, H), grad_hn (B, H), grad_cn (B, H or absent), hx, cx (absent but for LSTM), w_hh, output, saved, mode, steps, their sizes, reverse,
//        grad_gates (N, G H), grad_products (N, G H; GRU, else absent), grad_hx (B, H), grad_cx (B, H or absent)
KERNEL(recurrent_layer_backward) {
  const Strided grad_output = in.tensor(), grad_hn = in.tensor(), grad_cn = in.tensor(), hx = in.tensor(), cx = in.tensor(), w_hh = in.tensor(), output = in.tensor(), saved = in.tensor();
  const Mode mode = Mode(in.integer());
  const Steps steps(in);
  const Strided grad_gates = in.tensor(), grad_products = in.tensor(), grad_hx = in.tensor(), grad_cx = in.tensor();
  return for_floating(grad_output.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    if (!steps.size || !steps.at) return OUT_OF_MEMORY;
    const int64_t H = hx.size[1];
    const Layer<T> l{mode, H, steps};
    const int64_t G = l.gates(), S = l.saved();
    const T *g = grad_output.as<T>(), *y = output.as<T>(), *kept = saved.as<T>(), *h0 = hx.as<T>(), *c0 = cx ? cx.as<T>() : nullptr, *w = w_hh.as<T>();
    // The gradients of the states before the step at hand: those of the start in the end.
    T *dh = grad_hx.as<T>(), *dc = grad_cx ? grad_cx.as<T>() : nullptr;
    T *dx = grad_gates.as<T>(), *dp = grad_products ? grad_products.as<T>() : dx;
    std::memcpy(dh, grad_hn.as<T>(), hx.numel() * sizeof(T));
    if (dc) std::memcpy(dc, grad_cn.as<T>(), hx.numel() * sizeof(T));
    for (int64_t i = steps.count - 1; i >= 0; i--) {
      const int64_t t = steps.order(i), n = steps.size[t], first = steps.at[t];
      parallel_for(n, l.step_grain(), [&](int64_t from, int64_t to) {
        for (int64_t b = from; b < to; b++) {
          const T *gy = g + (first + b) * H, *s = kept + (first + b) * S, *out = y + (first + b) * H;
          T *dhb = dh + b * H, *dxb = dx + (first + b) * G, *dpb = dp + (first + b) * G;
          if (mode == Mode::LSTM) {
            const T* c = steps.before(i, b, kept + 4 * H, S, c0, H);
            T* dcb = dc + b * H;
            for_row<T>(H, [&](auto step, int64_t j) INLINE_LAMBDA {
              const auto in_gate = step.load(s + j), forget = step.load(s + H + j), cell = step.load(s + 2 * H + j), out_gate = step.load(s + 3 * H + j);
              const auto shown = tanh_of(step.load(s + 4 * H + j)), d = step.load(gy + j) + step.load(dhb + j);
              const auto change = step.load(dcb + j) + d * out_gate * (T(1) - shown * shown);
              step.store(dxb + j, change * cell * in_gate * (T(1) - in_gate));
              step.store(dxb + H + j, change * step.load(c + j) * forget * (T(1) - forget));
              step.store(dxb + 2 * H + j, change * in_gate * (T(1) - cell * cell));
              step.store(dxb + 3 * H + j, d * shown * out_gate * (T(1) - out_gate));
              step.store(dcb + j, change * forget);
            });
          } else if (mode == Mode::GRU) {
            const T* h = steps.before(i, b, y, H, h0, H);
            for_row<T>(H, [&](auto step, int64_t j) INLINE_LAMBDA {
              const auto reset = step.load(s + j), update = step.load(s + H + j), fresh = step.load(s + 2 * H + j), product = step.load(s + 3 * H + j);
              const auto d = step.load(gy + j) + step.load(dhb + j), dn = d * (T(1) - update) * (T(1) - fresh * fresh);
              const auto dr = dn * product * reset * (T(1) - reset), dz = d * (step.load(h + j) - fresh) * update * (T(1) - update);
              step.store(dxb + j, dr);
              step.store(dxb + H + j, dz);
              step.store(dxb + 2 * H + j, dn);
              step.store(dpb + j, dr);
              step.store(dpb + H + j, dz);
              step.store(dpb + 2 * H + j, dn * reset);
              step.store(dhb + j, d * update);
            });
          } else if (mode == Mode::TANH) {
            for_row<T>(H, [&](auto step, int64_t j) INLINE_LAMBDA {
              const auto v = step.load(out + j);
              step.store(dxb + j, (step.load(gy + j) + step.load(dhb + j)) * (T(1) - v * v));
            });
          } else {
            for_row<T>(H, [&](auto step, int64_t j) INLINE_LAMBDA { step.store(dxb + j, where_positive(step.load(out + j), step.load(gy + j) + step.load(dhb + j))); });
          }
        }
      });
      run_product<T>({n, H, G, dp + first * G, G, 1, w, H, 1, {dh, H, mode == Mode::GRU ? dh : nullptr, H}});
    }
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
