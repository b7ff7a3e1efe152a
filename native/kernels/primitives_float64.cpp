#include "primitives_float.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

static inline double softplus(double x) { return (x > 0 ? x : x != x ? x : 0) + std::log1p(std::exp(-std::fabs(x))); }

Loop float64_loop(Primitive primitive) {
  switch (primitive) {
    case Primitive::exp: return scalar_unary<double>([](double x) { return std::exp(x); });
    case Primitive::exp2: return scalar_unary<double>([](double x) { return std::exp2(x); });
    case Primitive::expm1: return scalar_unary<double>([](double x) { return std::expm1(x); });
    case Primitive::log: return scalar_unary<double>([](double x) { return std::log(x); });
    case Primitive::log2: return scalar_unary<double>([](double x) { return std::log2(x); });
    case Primitive::log10: return scalar_unary<double>([](double x) { return std::log10(x); });
    case Primitive::log1p: return scalar_unary<double>([](double x) { return std::log1p(x); });
    case Primitive::sin: return scalar_unary<double>([](double x) { return std::sin(x); });
    case Primitive::cos: return scalar_unary<double>([](double x) { return std::cos(x); });
    case Primitive::tanh: return scalar_unary<double>([](double x) { return std::tanh(x); });
    case Primitive::sigmoid: return scalar_unary<double>([](double x) { return 1 / (1 + std::exp(-x)); });
    case Primitive::erf: return scalar_unary<double>([](double x) { return std::erf(x); });
    case Primitive::gelu: return scalar_unary<double>([](double x) { return x * 0.5 * (1 + std::erf(x * special::SQRT_HALF)); });
    case Primitive::gelu_tanh:
      return scalar_unary<double>([](double x) { return 0.5 * x * (1 + std::tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x))); });
    case Primitive::silu: return scalar_unary<double>([](double x) { return x / (1 + std::exp(-x)); });
    case Primitive::softplus_unit: return scalar_unary<double>([](double x) { return softplus(x); });
    case Primitive::log_sigmoid: return scalar_unary<double>([](double x) { return -softplus(-x); });
    case Primitive::mish: return scalar_unary<double>([](double x) { return x * std::tanh(softplus(x)); });
    default: return common_float_loop<double>(primitive);
  }
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
