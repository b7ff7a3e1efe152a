// Weighted minimax polynomials, highest degree first, rounded to float32 lowest degree first.
#pragma once
namespace flambeau {

// (expm1(x) - x) / x^2 on |x| <= ln2 / 2: relative error 1.3e-8
constexpr float EXP_POLY[] = {1.3868435e-03f, 8.366432e-03f, 4.166746e-02f, 1.6666545e-01f, 4.9999997e-01f};
// (log1p(x) - x) / x^2 on |x| <= 1/3: 4.5e-9
constexpr float LOG_POLY[] = {-1.2879284e-01f, 1.3985594e-01f, -1.2187454e-01f, 1.4005543e-01f, -1.6680221e-01f, 2.0010436e-01f, -2.4999805e-01f, 3.3333215e-01f, -5.0e-01f};
// (tanh(x) - x) / x^3 in x^2, x <= 0.56: 1.3e-9
constexpr float TANH_POLY[] = {-6.169614e-03f, 2.1000376e-02f, -5.3835757e-02f, 1.3332437e-01f, -3.3333313e-01f};
// erf(x) / x - 1 in x^2, x <= 0.94: 1.9e-8
constexpr float ERF_LOW_POLY[] = {-5.915587e-04f, 4.9787704e-03f, -2.6757242e-02f, 1.1281582e-01f, -3.7612477e-01f, 1.2837915e-01f};
// log(erfc(x)) / x on [0.9, 4]: 8.6e-10
constexpr float ERF_HIGH_POLY[] = {-1.0429695e-05f, 3.1483083e-04f, -3.6102587e-03f, 2.3694444e-02f, -1.06158964e-01f, -6.3519806e-01f, -1.1286371e+00f};
// log(erfc(x)) / x on [0, 4.2]: weighted for x erfc(x), whose absolute error is 1.5e-8
constexpr float LOG_ERFC_POLY[] = {6.161778e-06f, -8.652058e-05f, 5.05125e-04f, -1.3900253e-03f, -1.8334812e-04f, 1.9399751e-02f, -1.0287615e-01f, -6.365999e-01f, -1.1283805e+00f};

}  // namespace flambeau
