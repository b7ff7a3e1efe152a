// Stable sort and top-k with int64 indices along the last dimension of dense rows. NaN counts as the largest value.
#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>
#include "parallel.hpp"
#include "scratch.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// An unsigned key in the order of the elements: -0 equals +0, NaNs are equal and last. Descending keys are the complement, which keeps the sort stable.
template <class T> using Key = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
template <class T> static inline Key<T> ascending_key(T x) {
  using K = Key<T>;
  constexpr K SIGN = K(1) << (8 * sizeof(K) - 1);
  if constexpr (std::is_floating_point_v<T>) {
    if (x != x) return ~K(0);
    x += T(0);                                                            // -0 becomes +0
    K bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits & SIGN ? ~bits : bits | SIGN;
  } else if constexpr (std::is_signed_v<T>) {
    return K(x) ^ SIGN;                                                   // sign-extended by the conversion
  } else {
    return K(x);
  }
}
template <class T> struct Entry {
  Key<T> key;
  std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t> place;
};

// Least significant digits first, 11 bits at a time; digits that all keys share are skipped. Gives the array that holds the result.
template <class T> static Entry<T>* radix_sort(Entry<T>* a, Entry<T>* b, int64_t n) {
  constexpr int BITS = 11, BUCKETS = 1 << BITS, DIGITS = (8 * sizeof(Key<T>) + BITS - 1) / BITS;
  int64_t* counts = thread_scratch<int64_t, Use::ROW>(DIGITS * BUCKETS);
  std::memset(counts, 0, DIGITS * BUCKETS * sizeof(int64_t));
  for (int64_t i = 0; i < n; i++)
    for (int d = 0; d < DIGITS; d++) counts[d * BUCKETS + (a[i].key >> (d * BITS) & (BUCKETS - 1))]++;
  for (int d = 0; d < DIGITS; d++) {
    int64_t* bucket = counts + d * BUCKETS;
    if (bucket[a[0].key >> (d * BITS) & (BUCKETS - 1)] == n) continue;
    int64_t start = 0;
    for (int i = 0; i < BUCKETS; i++) start += std::exchange(bucket[i], start);
    for (int64_t i = 0; i < n; i++) b[bucket[a[i].key >> (d * BITS) & (BUCKETS - 1)]++] = a[i];
    std::swap(a, b);
  }
  return a;
}
template <class T> static Entry<T>* merge_sort(Entry<T>* a, Entry<T>* b, int64_t n) {
  constexpr int64_t RUN = 16;
  for (int64_t begin = 0; begin < n; begin += RUN)
    for (int64_t i = begin + 1; i < std::min(begin + RUN, n); i++) {
      const Entry<T> e = a[i];
      int64_t j = i;
      for (; j > begin && a[j - 1].key > e.key; j--) a[j] = a[j - 1];
      a[j] = e;
    }
  for (int64_t width = RUN; width < n; width *= 2, std::swap(a, b))
    for (int64_t begin = 0; begin < n; begin += 2 * width) {
      const int64_t middle = std::min(begin + width, n), end = std::min(begin + 2 * width, n);
      int64_t l = begin, r = middle;
      for (int64_t i = begin; i < end; i++) b[i] = r >= end || (l < middle && a[l].key <= a[r].key) ? a[l++] : a[r++];
    }
  return a;
}
template <class T> static void make_entries(const T* x, int64_t n, bool descending, Entry<T>* out) {
  const Key<T> flip = descending ? ~Key<T>(0) : Key<T>(0);
  for (int64_t i = 0; i < n; i++) out[i] = {Key<T>(ascending_key(x[i]) ^ flip), decltype(Entry<T>::place)(i)};
}
// The elements themselves are written, so that -0 and the bits of a NaN survive.
template <class T> static void write_sorted(const T* x, const Entry<T>* sorted, int64_t n, T* values, int64_t* indices) {
  for (int64_t i = 0; i < n; i++) {
    values[i] = x[sorted[i].place];
    indices[i] = int64_t(sorted[i].place);
  }
}
template <class T> static void sort_row(const T* x, int64_t n, bool descending, T* values, int64_t* indices, Entry<T>* a, Entry<T>* b) {
  constexpr int64_t RADIX_PAYS = sizeof(T) == 8 ? 4096 : 1024;
  if (n == 0) return;
  make_entries(x, n, descending, a);
  write_sorted(x, n >= RADIX_PAYS ? radix_sort<T>(a, b, n) : merge_sort<T>(a, b, n), n, values, indices);
}

// slots: x (…, n; dense), values, indices (int64) (as x), descending. Stable.
KERNEL(sort) {
  const Strided x = in.tensor(), values = in.tensor(), indices = in.tensor();
  const bool descending = in.flag();
  if (!x.contiguous() || !values.contiguous() || !indices.contiguous() || x.dtype != values.dtype || indices.dtype != DType::i64) return DECLINED;
  const int64_t n = x.ndim ? x.size[x.ndim - 1] : 1;
  if (n > int64_t(std::numeric_limits<uint32_t>::max())) return DECLINED;
  return for_real(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const int64_t rows = n ? x.numel() / n : 0;
    parallel_for(rows, (1 << 12) / (n + 1) + 1, [&](int64_t begin, int64_t end) {
      Entry<T>* entries = thread_scratch<Entry<T>, Use::SORT>(2 * n + 1);
      for (int64_t r = begin; r < end; r++) sort_row(x.as<T>() + r * n, n, descending, values.as<T>() + r * n, indices.as<int64_t>() + r * n, entries, entries + n);
    });
    return DONE;
  });
}

// slots: x (…, n; dense), values, indices (int64) (…, k; dense), k, largest. Results are in order; of equal elements those that come first are taken.
KERNEL(topk) {
  const Strided x = in.tensor(), values = in.tensor(), indices = in.tensor();
  const int64_t k = in.integer();
  const bool largest = in.flag();
  if (!x.contiguous() || !values.contiguous() || !indices.contiguous() || x.dtype != values.dtype || indices.dtype != DType::i64) return DECLINED;
  const int64_t n = x.ndim ? x.size[x.ndim - 1] : 1;
  if (k > n || k < 0) return OUT_OF_RANGE;
  if (n > int64_t(std::numeric_limits<uint32_t>::max())) return DECLINED;
  return for_real(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const int64_t rows = n ? x.numel() / n : 0;
    auto before = [](const Entry<T>& a, const Entry<T>& b) { return a.key != b.key ? a.key < b.key : a.place < b.place; };
    parallel_for(rows, (1 << 13) / (n + 1) + 1, [&](int64_t begin, int64_t end) {
      Entry<T>* entries = thread_scratch<Entry<T>, Use::SORT>(n + 1);
      for (int64_t r = begin; r < end; r++) {
        const T* row = x.as<T>() + r * n;
        make_entries(row, n, largest, entries);
        if (k < n) std::nth_element(entries, entries + k, entries + n, before);
        std::sort(entries, entries + k, before);
        write_sorted(row, entries, k, values.as<T>() + r * k, indices.as<int64_t>() + r * k);
      }
    });
    return DONE;
  });
}

// ---- the k-th element

// PyTorch's quickselect: of equal elements it decides whose place is given.
template <class E> static void quick_select(E* v, int64_t n, int64_t k) {
  int64_t left = 0, right = n - 1;
  const auto after = [](const E& a, const E& b) { return a.key > b.key; };
  while (right > left) {
    if (right == left + 1) {
      if (after(v[left], v[right])) std::swap(v[left], v[right]);
      return;
    }
    std::swap(v[left + (right - left) / 2], v[left + 1]);
    if (after(v[left + 1], v[right])) std::swap(v[left + 1], v[right]);
    if (after(v[left], v[right])) std::swap(v[left], v[right]);
    if (after(v[left + 1], v[left])) std::swap(v[left + 1], v[left]);
    int64_t i = left + 1, j = right;
    const E pivot = v[left];
    for (;;) {
      do i++; while (after(pivot, v[i]));
      do j--; while (after(v[j], pivot));
      if (j < i) break;
      std::swap(v[i], v[j]);
    }
    std::swap(v[left], v[j]);
    if (j <= k) left = i;
    if (j >= k) right = j - 1;
  }
}
enum class Statistic { KTH, MEDIAN, NANMEDIAN };
// The place of a statistic of a row; of equal elements the median is the one in the middle of a stable order.
template <class T> static int64_t place_of(Statistic statistic, const T* x, int64_t n, int64_t k, Entry<T>* entries) {
  int64_t nans = 0;
  for (int64_t i = 0; i < n; i++) {
    entries[i].key = ascending_key(x[i]);
    entries[i].place = static_cast<decltype(entries[i].place)>(i);
    if (x[i] == x[i]) continue;
    if (statistic == Statistic::MEDIAN) return i;
    nans++;
  }
  if (statistic == Statistic::KTH) {
    quick_select(entries, n, k - 1);
    return static_cast<int64_t>(entries[k - 1].place);
  }
  const int64_t middle = std::max<int64_t>((n - nans - 1) / 2, 0);
  std::nth_element(entries, entries + middle, entries + n, [](const Entry<T>& a, const Entry<T>& b) { return a.key != b.key ? a.key < b.key : a.place < b.place; });
  return static_cast<int64_t>(entries[middle].place);
}
// slots: x, values, indices (int64; one element a row), statistic (0 the k-th, 1 the lower median, 2 that of what is not NaN), k: along the last dimension of dense x
KERNEL(order_statistic) {
  const Strided x = in.tensor(), values = in.tensor(), indices = in.tensor();
  const Statistic statistic = static_cast<Statistic>(in.integer());
  const int64_t k = in.integer();
  if (x.ndim < 1 || !x.contiguous() || !values.contiguous() || !indices.contiguous() || x.dtype != values.dtype || indices.dtype != DType::i64) return DECLINED;
  const int64_t n = x.size[x.ndim - 1];
  if (n == 0 || n > std::numeric_limits<int32_t>::max()) return DECLINED;
  return for_real(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    parallel_for(x.numel() / n, (1 << 14) / n + 1, [&](int64_t begin, int64_t end) {
      Entry<T>* entries = thread_scratch<Entry<T>, Use::SORT>(n);
      for (int64_t row = begin; row < end; row++) {
        const T* line = x.as<T>() + row * n;
        const int64_t at = place_of(statistic, line, n, k, entries);
        values.as<T>()[row] = line[at];
        indices.as<int64_t>()[row] = at;
      }
    });
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
