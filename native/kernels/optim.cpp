// One step of an optimizer over many tensors in one call: the operations and their order are those of PyTorch's single-tensor implementations, each rounded to the element type.
// Nothing is fused, so every ISA level gives the same bits.
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
// lerp as PyTorch: from the nearer end.
template <class V, class T> INLINE V interpolate(V from, V to, T weight) { return weight < T(0.5) ? from + (to - from) * weight : to - (to - from) * (T(1) - weight); }

// f(step, i) on every element, threads on ranges of them.
template <class T, class F> static void update(int64_t n, F f) {
  parallel_for(n, 1 << 14, [&](int64_t begin, int64_t end) {
    for_row<T>(end - begin, [&](auto step, int64_t i) INLINE_LAMBDA { f(step, begin + i); });
  });
}
// The gradient as the rule sees it: negated for maximize, with the weight decay of the L2 kind.
template <class T> struct Gradient {
  const T *grad, *param;
  T decay;
  bool maximize;
  template <class Step> INLINE_LAMBDA auto operator()(Step step, int64_t i) const {
    auto g = step.load(grad + i);
    if (maximize) g = -g;
    if (decay != T(0)) g = g + step.load(param + i) * decay;
    return g;
  }
};

// slots: dtype, count, lr, momentum, dampening, weight_decay, nesterov, maximize; then for each tensor: numel, address of param, of grad, of the momentum buffer (0 without momentum),
//        whether this is the buffer's first step (it becomes the gradient)
KERNEL(optim_sgd) {
  const DType dtype = static_cast<DType>(in.integer());
  const int64_t count = in.integer();
  const double lr = in.real(), momentum = in.real(), dampening = in.real(), decay = in.real();
  const bool nesterov = in.flag(), maximize = in.flag();
  return for_floating(dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    for (int64_t t = 0; t < count; t++) {
      const int64_t n = in.integer();
      T *param = in.pointer<T>(), *grad = in.pointer<T>(), *buffer = in.pointer<T>();
      const bool first = in.flag();
      const Gradient<T> gradient{grad, param, T(decay), maximize};
      const T factor = T(momentum), fresh = T(1 - dampening), rate = T(-lr);
      update<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA {
        auto g = gradient(step, i);
        if (buffer) {
          const auto b = first ? g : step.load(buffer + i) * factor + g * fresh;
          step.store(buffer + i, b);
          g = nesterov ? g + b * factor : b;
        }
        step.store(param + i, step.load(param + i) + g * rate);
      });
    }
    return DONE;
  });
}

// slots: dtype, count, lr, beta1, beta2, eps, weight_decay, decoupled (AdamW), maximize; then for each tensor: numel, address of param, of grad, of exp_avg, of exp_avg_sq,
//        of max_exp_avg_sq (0 without amsgrad), step (this one counted)
KERNEL(optim_adam) {
  const DType dtype = static_cast<DType>(in.integer());
  const int64_t count = in.integer();
  const double lr = in.real(), beta1 = in.real(), beta2 = in.real(), eps = in.real(), decay = in.real();
  const bool decoupled = in.flag(), maximize = in.flag();
  return for_floating(dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    for (int64_t t = 0; t < count; t++) {
      const int64_t n = in.integer();
      T *param = in.pointer<T>(), *grad = in.pointer<T>(), *average = in.pointer<T>(), *square = in.pointer<T>(), *greatest = in.pointer<T>();
      const double steps = in.real();
      const Gradient<T> gradient{grad, param, T(decoupled ? 0 : decay), maximize};
      const T shrink = T(decoupled && decay != 0 ? 1 - lr * decay : 1);
      const T weight = T(1 - beta1), keep = T(beta2), fresh = T(1 - beta2), small = T(eps);
      const T step_size = T(-(lr / (1 - std::pow(beta1, steps)))), correction = T(std::sqrt(1 - std::pow(beta2, steps)));
      update<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA {
        const auto g = gradient(step, i);
        const auto m = interpolate(step.load(average + i), g, weight);
        auto v = step.load(square + i) * keep + g * g * fresh;
        step.store(average + i, m);
        step.store(square + i, v);
        if (greatest) {
          v = larger(step.load(greatest + i), v);
          step.store(greatest + i, v);
        }
        step.store(param + i, step.load(param + i) * shrink + m * step_size / (root(v) / correction + small));
      });
    }
    return DONE;
  });
}

// slots: dtype, count, lr, lr_decay, weight_decay, eps, maximize; then for each tensor: numel, address of param, of grad, of the sum of squares, step (this one counted)
KERNEL(optim_adagrad) {
  const DType dtype = static_cast<DType>(in.integer());
  const int64_t count = in.integer();
  const double lr = in.real(), lr_decay = in.real(), decay = in.real(), eps = in.real();
  const bool maximize = in.flag();
  return for_floating(dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    for (int64_t t = 0; t < count; t++) {
      const int64_t n = in.integer();
      T *param = in.pointer<T>(), *grad = in.pointer<T>(), *sum = in.pointer<T>();
      const T rate = T(-(lr / (1 + (in.real() - 1) * lr_decay))), small = T(eps);
      const Gradient<T> gradient{grad, param, T(decay), maximize};
      update<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA {
        const auto g = gradient(step, i);
        const auto s = step.load(sum + i) + g * g;
        step.store(sum + i, s);
        step.store(param + i, step.load(param + i) + g * rate / (root(s) + small));
      });
    }
    return DONE;
  });
}

// slots: dtype, count, lr, alpha, eps, weight_decay, momentum, maximize; then for each tensor: numel, address of param, of grad, of square_avg, of grad_avg (0 unless centered),
//        of the momentum buffer (0 without momentum)
KERNEL(optim_rmsprop) {
  const DType dtype = static_cast<DType>(in.integer());
  const int64_t count = in.integer();
  const double lr = in.real(), alpha = in.real(), eps = in.real(), decay = in.real(), momentum = in.real();
  const bool maximize = in.flag();
  return for_floating(dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    for (int64_t t = 0; t < count; t++) {
      const int64_t n = in.integer();
      T *param = in.pointer<T>(), *grad = in.pointer<T>(), *square = in.pointer<T>(), *mean = in.pointer<T>(), *buffer = in.pointer<T>();
      const Gradient<T> gradient{grad, param, T(decay), maximize};
      const T keep = T(alpha), fresh = T(1 - alpha), small = T(eps), factor = T(momentum), rate = T(-lr);
      update<T>(n, [&](auto step, int64_t i) INLINE_LAMBDA {
        const auto g = gradient(step, i);
        const auto s = step.load(square + i) * keep + g * g * fresh;
        step.store(square + i, s);
        auto spread = s;
        if (mean) {
          const auto m = interpolate(step.load(mean + i), g, fresh);
          step.store(mean + i, m);
          spread = s - m * m;
        }
        const auto denominator = root(spread) + small;
        if (buffer) {
          const auto b = step.load(buffer + i) * factor + g / denominator;
          step.store(buffer + i, b);
          step.store(param + i, step.load(param + i) + b * rate);
        } else {
          step.store(param + i, step.load(param + i) + g * rate / denominator);
        }
      });
    }
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
