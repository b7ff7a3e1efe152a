// The optimizers' rules that train most networks (src/optim), faster than the interpreter runs them: the same operations in the same order with the same
// roundings, so that the interpreter gives the same bits on levels with fused multiply-add. Slots of all: dtype, the mask of the tensors that are there, the rule's options and numbers as its kernel
// lists them; number of lists and for each: elements, the addresses of the tensors that are there.
#include "parallel.hpp"
#include "rows.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

INLINE Floats root(Floats x) { return vsqrt(x); }
INLINE Doubles root(Doubles x) { return vsqrt(x); }
INLINE float root(float x) { return std::sqrt(x); }
INLINE double root(double x) { return std::sqrt(x); }
INLINE Floats larger(Floats a, Floats b) { return maximum(a, b); }
INLINE Doubles larger(Doubles a, Doubles b) { return maximum(a, b); }
INLINE float larger(float a, float b) { return a != a || a > b ? a : b; }
INLINE double larger(double a, double b) { return a != a || a > b ? a : b; }
// a · b + c, rounded once, as PyTorch's kernels do on CPUs that can.
INLINE float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
INLINE double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
template <class V, class B> INLINE V multiply_add(V a, B b, V c) { return fused(a, V(b - V{}), c); }
// lerp as PyTorch: from the nearer end.
template <class V, class T> INLINE V interpolate(V from, V to, T weight, bool near) { return near ? multiply_add(to - from, weight, from) : multiply_add(from - to, T(1) - weight, to); }

// body(elements, tensors): f for each list; absent tensors are null.
template <class T, int N, class F> static void each_list(Reader& in, int64_t mask, F body) {
  const int64_t lists = in.integer();
  for (int64_t k = 0; k < lists; k++) {
    const int64_t n = in.integer();
    T* tensors[N];
    for (int i = 0; i < N; i++) tensors[i] = mask >> i & 1 ? in.pointer<T>() : nullptr;
    body(n, tensors);
  }
}
// f(step, i) on every element, threads on ranges of them.
template <class T, class F> static void update(int64_t n, F f) {
  parallel_for(n, 1 << 14, [&](int64_t begin, int64_t end) {
    for_row<T>(end - begin, [&](auto step, int64_t i) INLINE_LAMBDA { f(step, begin + i); });
  });
}
// The gradient as a rule sees it: negated to maximize, with the weight decay of the L2 kind.
template <class T> struct Gradient {
  const T *grad, *param;
  T decay;
  bool maximize, decays;
  template <class Step> INLINE_LAMBDA auto operator()(Step step, int64_t i) const {
    auto g = step.load(grad + i);
    if (maximize) g = -g;
    if (decays) g = multiply_add(step.load(param + i), decay, g);
    return g;
  }
};

// tensors: param, grad, buffer; options: maximize, decays, nesterov, differentiable; numbers: weight_decay, momentum, fresh, rate
KERNEL(optim_sgd) {
  const DType dtype = static_cast<DType>(in.integer());
  const int64_t mask = in.integer();
  const bool maximize = in.flag(), decays = in.flag(), nesterov = in.flag();
  in.flag();
  const double decay = in.real(), momentum = in.real(), fresh = in.real(), rate = in.real();
  return for_floating(dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const T factor = T(momentum), weight = T(fresh), step_size = T(rate);
    each_list<T, 3>(in, mask, [&](int64_t n, T** tensors) {
      T *param = tensors[0], *buffer = tensors[2];
      const Gradient<T> gradient{tensors[1], param, T(decay), maximize, decays};
      update<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA {
        auto g = gradient(step, i);
        if (buffer) {
          const auto b = multiply_add(g, weight, step.load(buffer + i) * factor);
          step.store(buffer + i, b);
          g = nesterov ? multiply_add(b, factor, g) : b;
        }
        step.store(param + i, multiply_add(g, step_size, step.load(param + i)));
      });
    });
    return DONE;
  });
}

// tensors: param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq; options: maximize, decays, decoupled, near, differentiable;
// numbers: weight_decay, shrink, fresh1, beta2, fresh2, eps, correction, rate
KERNEL(optim_adam) {
  const DType dtype = static_cast<DType>(in.integer());
  const int64_t mask = in.integer();
  const bool maximize = in.flag(), decays = in.flag(), decoupled = in.flag(), near = in.flag();
  in.flag();
  const double decay = in.real(), shrink = in.real(), fresh1 = in.real(), beta2 = in.real(), fresh2 = in.real();
  const double eps = in.real(), correction = in.real(), rate = in.real();
  return for_floating(dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const T scale = T(shrink), weight = T(fresh1), keep = T(beta2), fresh = T(fresh2), small = T(eps), divisor = T(correction), step_size = T(rate);
    each_list<T, 5>(in, mask, [&](int64_t n, T** tensors) {
      T *param = tensors[0], *average = tensors[2], *square = tensors[3], *greatest = tensors[4];
      const Gradient<T> gradient{tensors[1], param, T(decay), maximize, decays && !decoupled};
      update<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA {
        const auto g = gradient(step, i);
        auto p = step.load(param + i);
        if (decays && decoupled) p = p * scale;
        const auto m = interpolate(step.load(average + i), g, weight, near);
        auto v = multiply_add(g * fresh, g, step.load(square + i) * keep);
        step.store(average + i, m);
        step.store(square + i, v);
        if (greatest) {
          v = larger(step.load(greatest + i), v);
          step.store(greatest + i, v);
        }
        step.store(param + i, p + m * step_size / (root(v) / divisor + small));
      });
    });
    return DONE;
  });
}

// tensors: param, grad, sum; options: maximize, decays, differentiable; numbers: weight_decay, eps, rate
KERNEL(optim_adagrad) {
  const DType dtype = static_cast<DType>(in.integer());
  const int64_t mask = in.integer();
  const bool maximize = in.flag(), decays = in.flag();
  in.flag();
  const double decay = in.real(), eps = in.real(), rate = in.real();
  return for_floating(dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const T small = T(eps), step_size = T(rate);
    each_list<T, 3>(in, mask, [&](int64_t n, T** tensors) {
      T *param = tensors[0], *sum = tensors[2];
      const Gradient<T> gradient{tensors[1], param, T(decay), maximize, decays};
      update<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA {
        const auto g = gradient(step, i);
        const auto s = multiply_add(g, g, step.load(sum + i));
        step.store(sum + i, s);
        step.store(param + i, step.load(param + i) + g * step_size / (root(s) + small));
      });
    });
    return DONE;
  });
}

// tensors: param, grad, square_avg, grad_avg, momentum_buffer; options: maximize, decays, near, differentiable; numbers: weight_decay, alpha, fresh, eps, momentum, rate
KERNEL(optim_rmsprop) {
  const DType dtype = static_cast<DType>(in.integer());
  const int64_t mask = in.integer();
  const bool maximize = in.flag(), decays = in.flag(), near = in.flag();
  in.flag();
  const double decay = in.real(), alpha = in.real(), fresh = in.real(), eps = in.real(), momentum = in.real(), rate = in.real();
  return for_floating(dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const T keep = T(alpha), weight = T(fresh), small = T(eps), factor = T(momentum), step_size = T(rate);
    each_list<T, 5>(in, mask, [&](int64_t n, T** tensors) {
      T *param = tensors[0], *square = tensors[2], *mean = tensors[3], *buffer = tensors[4];
      const Gradient<T> gradient{tensors[1], param, T(decay), maximize, decays};
      update<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA {
        const auto g = gradient(step, i);
        const auto s = multiply_add(g * weight, g, step.load(square + i) * keep);
        step.store(square + i, s);
        auto spread = s;
        if (mean) {
          const auto m = interpolate(step.load(mean + i), g, weight, near);
          step.store(mean + i, m);
          spread = multiply_add(-m, m, s);
        }
        const auto denominator = root(spread) + small;
        if (buffer) {
          const auto b = step.load(buffer + i) * factor + g / denominator;
          step.store(buffer + i, b);
          step.store(param + i, multiply_add(b, step_size, step.load(param + i)));
        } else {
          step.store(param + i, step.load(param + i) + g * step_size / denominator);
        }
      });
    });
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
