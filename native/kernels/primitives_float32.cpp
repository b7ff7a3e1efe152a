#include "primitives_float.hpp"
#include "vmath.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// sin and cos: vectors for ordinary arguments, libm for blocks with a huge one (and where there is no fused multiply-add).
template <class Fn, class Libm> static void sin_or_cos(char* out, const char* a, const char* b, const char* c, int64_t n, Status* status) {
#if FLAMBEAU_FMA
  const float* x = reinterpret_cast<const float*>(a);
  bool huge = false;
  for (int64_t i = 0; i < n; i++) huge |= !(std::fabs(x[i]) < MAX_SIN_ARGUMENT);
  if (!huge) return VectorLoop<float, Fn>::one(out, a, b, c, n, status);
#endif
  ScalarLoop<float, float, Libm>::one(out, a, b, c, n, status);
}
template <class Fn, class Libm> static Loop trigonometric(Fn, Libm) { return sin_or_cos<Fn, Libm>; }

#define VECTOR(f) vector_unary<float>([](Floats x) INLINE_LAMBDA { return f(x); })

Loop float32_loop(Primitive primitive) {
  switch (primitive) {
    case Primitive::exp: return VECTOR(vexp_accurate);
    case Primitive::exp2: return VECTOR(vexp2);
    case Primitive::expm1: return VECTOR(vexpm1);
    case Primitive::log: return VECTOR(vlog);
    case Primitive::log2: return VECTOR(vlog2);
    case Primitive::log10: return VECTOR(vlog10);
    case Primitive::log1p: return VECTOR(vlog1p);
    case Primitive::sin:
      return trigonometric([](Floats x) INLINE_LAMBDA { return vsin(x); }, [](float x) { return std::sin(x); });
    case Primitive::cos:
      return trigonometric([](Floats x) INLINE_LAMBDA { return vcos(x); }, [](float x) { return std::cos(x); });
    case Primitive::tanh: return VECTOR(vtanh);
    case Primitive::sigmoid: return VECTOR(vsigmoid);
    case Primitive::erf: return VECTOR(verf);
    case Primitive::gelu: return VECTOR(vgelu);
    case Primitive::gelu_tanh: return VECTOR(vgelu_tanh);
    case Primitive::silu: return VECTOR(vsilu);
    case Primitive::softplus_unit: return VECTOR(vsoftplus);
    case Primitive::log_sigmoid: return VECTOR(vlog_sigmoid);
    case Primitive::mish: return VECTOR(vmish);
    default: return common_float_loop<float>(primitive);
  }
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
