#include "convert.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

template <class From, class To> static void convert_all(const char* source, char* target, int64_t n) {
  const From* from = reinterpret_cast<const From*>(source);
  To* to = reinterpret_cast<To*>(target);
  if constexpr (std::is_same_v<From, To>) {
    if (source != target) std::memcpy(target, source, n * sizeof(To));
  } else if constexpr (std::is_same_v<To, float> && (std::is_same_v<From, Half> || std::is_same_v<From, BFloat16>)) {
    widen(from, to, n);
  } else if constexpr (std::is_same_v<From, float> && (std::is_same_v<To, Half> || std::is_same_v<To, BFloat16>)) {
    narrow(from, to, n);
  } else {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; i++) to[i] = convert<To>(from[i]);
  }
}

Converter converter(DType from, DType to) {
  Converter found = nullptr;
  visit_real(from, [&](auto f) {
    visit_real(to, [&](auto t) { found = convert_all<decltype(f), decltype(t)>; });
  });
  return found;
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
