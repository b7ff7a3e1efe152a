// Elementary functions on native float32 vectors. Their largest errors: docs/accuracy.md.
#pragma once
#include "simd.hpp"
#include "vmath_coefs.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// c[0] x^(D-1) + … + c[D-1]
template <int D> INLINE Floats polynomial(Floats x, const float (&c)[D]) {
  Floats r = splat(c[0]);
  unroll<D - 1>([&](auto k) INLINE_LAMBDA { r = fused(r, x, c[k + 1]); });
  return r;
}
template <int D> INLINE Doubles polynomial(Doubles x, const double (&c)[D]) {
  Doubles r = splat(c[0]);
  unroll<D - 1>([&](auto k) INLINE_LAMBDA { r = fused(r, x, c[k + 1]); });
  return r;
}

// 2^k p for integer-valued k in [-252, 254]; ki is the same as integers
INLINE Floats scale_by_power([[maybe_unused]] Floats k, [[maybe_unused]] Ints ki, Floats p) {
#if defined(__AVX512F__)
  return (Floats)_mm512_scalef_ps((__m512)p, (__m512)k);
#else
  Ints half = ki >> 1;
  return p * from_bits((half + 127) << 23) * from_bits((ki - half + 127) << 23);
#endif
}
struct ExpReduced {
  Floats f, k;
  Ints ki;
};
// x = k ln2 + f. Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
INLINE ExpReduced reduce_exp(Floats x) {
  constexpr float ROUND = 12582912.f;
  Floats t = fused(x, 1.44269504f, ROUND), k = t - splat(ROUND);
  Floats f = fused(k, -0.693359375f, x);
  f = fused(k, 2.12194440e-4f, f);
  return {f, k, bits(t) - 0x4b400000};
}
// e^f - 1, |f| <= ln2 / 2
INLINE Floats expm1_reduced(Floats f) { return fused(f * f, polynomial(f, EXP_POLY), f); }

INLINE Floats vexp(Floats x) {
  ExpReduced r = reduce_exp(clamp(x, -104.f, 89.f));
  return scale_by_power(r.k, r.ki, splat(1.f) + expm1_reduced(r.f));
}
// Within 0.6 ulp: what reducing the argument and adding to 1 lose is added last.
INLINE Floats vexp_accurate(Floats x) {
  constexpr float ROUND = 12582912.f, HIGH = -0.693359375f, LOW = 2.12194440e-4f;
  Floats c = clamp(x, -104.f, 89.f), t = fused(c, 1.44269504f, ROUND), k = t - splat(ROUND);
  Floats h = fused(k, HIGH, c), f = fused(k, LOW, h), lost = fused(k, splat(LOW), h - f);
  Floats s = splat(1.f) + f, rest = (splat(1.f) - s) + f;
  Floats p = s + (rest + fused(f * f, polynomial(f, EXP_POLY), lost));
  return scale_by_power(k, bits(t) - 0x4b400000, p);
}
// exp for x in [-87, 88]: the power of two is one integer addition.
INLINE Floats vexp_small(Floats x) {
  ExpReduced r = reduce_exp(x);
  return from_bits(bits(splat(1.f) + expm1_reduced(r.f)) + (r.ki << 23));
}
INLINE Floats vexp2(Floats x) {
  constexpr float ROUND = 12582912.f;
  Floats c = clamp(x, -151.f, 129.f), t = c + splat(ROUND), k = t - splat(ROUND);
  return scale_by_power(k, bits(t) - 0x4b400000, splat(1.f) + expm1_reduced((c - k) * splat(0.693147182f)));
}
INLINE Floats vexpm1(Floats x) {
  ExpReduced r = reduce_exp(clamp(x, -25.f, 89.f));
  Floats m = expm1_reduced(r.f);
  // 2^k m + (2^k - 1) with 2^k halved, so that k = 128 does not overflow early
  Floats h = from_bits((r.ki + 126) << 23);
  Floats s = fused(m, h, h - splat(0.5f));
  Floats y = s + s;
  return select(vabs(x) < splat(1e-4f), fused(x * splat(0.5f), x, x), y);
}
// log through the exponent e of 4/3 x and f = x / 2^e - 1 in [-1/3, 1/3]
struct LogParts {
  Floats k, f;
};
INLINE LogParts reduce_log(Floats x) {
  Ints tiny = x < splat(1.17549435e-38f);
  Floats y = select(tiny, x * splat(8388608.f), x);
  Ints i = bits(y) - 0x3f2aaaab, e = i >> 23;
  return {__builtin_convertvector(e, Floats) - select(tiny, splat(23.f), splat(0.f)), from_bits(bits(y) - (e << 23)) - splat(1.f)};
}
INLINE Floats log_special(Floats x, Floats r) {
  Floats special = select(x < splat(0.f), splat(__builtin_nanf("")), select(x == splat(0.f), splat(-__builtin_inff()), x));
  return select((x > splat(0.f)) & (x < splat(__builtin_inff())), r, special);
}
// k ln2 + log1p(f): the first product is exact, and what its sum with f loses is added last.
INLINE Floats join_log(LogParts p) {
  Floats h = p.k * splat(0.693359375f), s = h + p.f, lost = (h - s) + p.f;
  return s + (lost + fused(p.k, splat(-2.12194440e-4f), p.f * p.f * polynomial(p.f, LOG_POLY)));
}
INLINE Floats vlog(Floats x) { return log_special(x, join_log(reduce_log(x))); }
// The rounding error of 1 + x goes into f.
INLINE Floats vlog1p(Floats x) {
  Floats u = splat(1.f) + x, b = u - splat(1.f), lost = (splat(1.f) - (u - b)) + (x - b);
  Ints e = (bits(u) - 0x3f2aaaab) >> 23;
  Floats to_f = select(u < splat(1e30f), from_bits((splat(127) - e) << 23), Floats{});  // beyond, nothing is lost that matters
  Floats f = (from_bits(bits(u) - (e << 23)) - splat(1.f)) + lost * to_f;
  Floats r = join_log({__builtin_convertvector(e, Floats), f});
  return select(x == splat(0.f), x, log_special(u, r));
}
INLINE Floats vlog2(Floats x) {
  LogParts p = reduce_log(x);
  Floats low = p.f * p.f * polynomial(p.f, LOG_POLY);
  // (f + low) log2(e), the factor as 1 + 0.4427
  Floats r = p.k + (p.f + (low + fused(p.f, 0.442695041f, low * splat(0.442695041f))));
  return log_special(x, r);
}
INLINE Floats vlog10(Floats x) {
  LogParts p = reduce_log(x);
  Floats w = p.f * p.f * polynomial(p.f, LOG_POLY), natural = p.f + w, lost = (p.f - natural) + w;
  Floats high = p.k * splat(0.301025391f), product = natural * splat(0.434294492f), sum = high + product;
  Floats rest = ((high - sum) + product) + fused(natural, splat(0.434294492f), -product);
  return log_special(x, sum + (rest + fused(natural, splat(-1.01001e-08f), fused(lost, splat(0.434294492f), p.k * splat(4.60503e-6f)))));
}
// sin and cos for |x| < 2^15: x = k pi/2 + r in three parts, then one polynomial each by the parity of k. Needs a fused multiply-add; callers send larger arguments to libm.
constexpr float MAX_SIN_ARGUMENT = 32768.f;
INLINE Floats sin_of_quadrant(Floats x, int quadrant) {
  constexpr float ROUND = 12582912.f;
  Floats t = fused(x, 0.636619772f, ROUND), k = t - splat(ROUND);
  Floats whole = fused(k, -1.57079637e+00f, x), r = fused(k, 4.37113883e-08f, whole);
  Floats lost = fused(k, 1.71512451e-15f, fused(k, 4.37113883e-08f, whole - r));  // r + lost is the remainder
  Ints n = bits(t) + quadrant;
  Floats z = r * r, half = z * splat(0.5f), near = splat(1.f) - half;
  Floats s = r + fused(fused(fused(splat(-1.9515295891e-4f), z, 8.3321608736e-3f), z, -1.6666654611e-1f) * z, r, lost);
  Floats tail = fused(fused(fused(splat(2.443315711809948e-5f), z, -1.388731625493765e-3f), z, 4.166664568298827e-2f), z * z, -(r * lost));
  Floats c = near + (((splat(1.f) - near) - half) + tail);
  Floats y = select((n & 1) != 0, c, s);
  return from_bits(bits(y) ^ ((n & 2) << 30));
}
INLINE Floats vsin(Floats x) { return select(x == splat(0.f), x, sin_of_quadrant(x, 0)); }
INLINE Floats vcos(Floats x) { return sin_of_quadrant(x, 1); }
INLINE Floats vsigmoid(Floats x) { return splat(1.f) / (splat(1.f) + vexp_accurate(-x)); }
// From e = expm1(2|x|) = 2^k (e^f - 1) + (2^k - 1); a polynomial below 0.55 keeps it within 2 ulp.
INLINE Floats vtanh(Floats x) {
  Floats a = clamp(vabs(x), 0.f, 9.1f);
  ExpReduced r = reduce_exp(a + a);
  Floats s = from_bits((r.ki + 127) << 23);
  Floats e = fused(expm1_reduced(r.f), s, s - splat(1.f));
  Floats q = x * x, low = fused(x * q, polynomial(q, TANH_POLY), x);
  return select(vabs(x) > splat(0.55f), with_sign_of(x, e / (e + splat(2.f))), low);
}
INLINE Floats verf(Floats x) {
  Floats t = vabs(x), s = x * x;
  Floats low = fused(polynomial(s, ERF_LOW_POLY), x, x);
  Floats c = clamp(t, 0.f, 4.f);
  Floats high = splat(1.f) - vexp_small(polynomial(c, ERF_HIGH_POLY) * c);
  return select(t > splat(0.9277f), with_sign_of(x, high), low);  // a NaN takes low
}
// x Φ(x), where Φ(-|x|) is half of erfc(|x| / √2), and 0 where 1 + erf is.
INLINE Floats vgelu(Floats x) {
  constexpr float LARGEST = 4.2f;
  Floats t = vabs(x) * splat(0.70710678f), c = clamp(t, 0.f, LARGEST);
  Floats half = select(t < splat(LARGEST), splat(0.5f) * vexp_small(polynomial(c, LOG_ERFC_POLY) * c), Floats{});
  return x * select(x > splat(0.f), splat(1.f) - half, half);
}
// 0.5 x (1 + tanh u) = x sigmoid(2u)
INLINE Floats vgelu_tanh(Floats x) {
  Floats u2 = x * fused(x * x, 0.0713548162726f, 1.59576912160573f);
  return x / (splat(1.f) + vexp(-u2));
}
// log(1 + e^x) = max(x, 0) + log1p(e^-|x|)
INLINE Floats vsoftplus(Floats x) { return maximum(x, splat(0.f)) + vlog1p(vexp(-vabs(x))); }
INLINE Floats vlog_sigmoid(Floats x) { return minimum(x, splat(0.f)) - vlog1p(vexp(-vabs(x))); }
INLINE Floats vsilu(Floats x) { return x / (splat(1.f) + vexp_accurate(-x)); }
// x tanh(log(1 + e^x)) = x n / (n + 2) with n = e^x (e^x + 2); beyond 20 it is x
INLINE Floats vmish(Floats x) {
  Floats e = vexp_accurate(raw_min(splat(20.f), x)), n = e * (e + splat(2.f));
  return x * (n / (n + splat(2.f)));
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
