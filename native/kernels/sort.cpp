// Stable sort, distinct elements and top-k, with int64 indices along the last dimension of dense rows. NaN counts as the largest value.
#include <algorithm>
#include <bit>
#include <limits>
#include <type_traits>
#include <utility>
#include "parallel.hpp"
#include "scratch.hpp"
#include "simd.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// An unsigned key in the order of the elements: -0 equals +0, NaNs are equal and last. Descending keys are the complement, which keeps the sort stable.
template <class T> using Key = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
template <class T> constexpr Key<T> SIGN = Key<T>(1) << (8 * sizeof(Key<T>) - 1);
template <class T> static inline Key<T> bits_of(T x) {
  Key<T> bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
template <class T> static inline Key<T> ascending_key(T x) {
  using K = Key<T>;
  if constexpr (std::is_floating_point_v<T>) {
    if (x != x) return ~K(0);
    const K bits = bits_of(x + T(0));                                     // -0 becomes +0
    return bits & SIGN<T> ? ~bits : bits | SIGN<T>;
  } else if constexpr (std::is_signed_v<T>) {
    return K(x) ^ SIGN<T>;                                                // sign-extended by the conversion
  } else {
    return K(x);
  }
}
// The element of a key; of zeros and NaNs, one of those that have it.
template <class T> static inline T element_of(Key<T> key) {
  if constexpr (std::is_floating_point_v<T>) {
    const Key<T> bits = key & SIGN<T> ? key ^ SIGN<T> : ~key;
    T x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
  } else if constexpr (std::is_signed_v<T>) {
    return T(key ^ SIGN<T>);
  } else {
    return T(key);
  }
}
// Whether the key does not tell which element it is.
template <class T> static inline bool ambiguous(T x) {
  if constexpr (std::is_floating_point_v<T>) return x != x || bits_of(x) == SIGN<T>;
  else return false;
}
template <class K> struct Entry {
  K key;
  uint32_t place;
};
template <class T> using EntryOf = Entry<Key<T>>;

// A row, and how its keys are made smaller: as differences from `base`, of so many bits.
template <class T> struct Row {
  const T* x;
  int64_t n;
  Key<T> flip, base = 0;
  int bits = 8 * sizeof(Key<T>);
  Row(const T* x, int64_t n, bool descending) : x(x), n(n), flip(descending ? ~Key<T>(0) : Key<T>(0)) {
    if constexpr (std::is_integral_v<T>) {
      const auto [least, most] = std::minmax_element(x, x + n);
      const Key<T> first = key_at(least - x), last = key_at(most - x);
      base = std::min(first, last);
      bits = std::bit_width(std::max(first, last) - base);
    }
  }
  Key<T> key_at(int64_t i) const { return Key<T>((ascending_key(x[i]) ^ flip) - base); }
  T element(Key<T> key) const { return element_of<T>(Key<T>(key + base) ^ flip); }
};

// Least significant digits first; digits that all keys share are skipped. The first pass reads the row itself, the last one calls put(position, key, place).
template <class K, class T, class Put> static void radix_sort(const Row<T>& row, Entry<K>* a, Entry<K>* b, Put put) {
  const int64_t n = row.n;
  const int longest = n < 1 << 14 ? 8 : 11, digits = std::max(1, (row.bits + longest - 1) / longest), width = (row.bits + digits - 1) / digits;
  const int64_t buckets = int64_t(1) << width;
  uint32_t* counts = thread_scratch<uint32_t, Use::ROW>(digits * buckets);
  std::memset(counts, 0, digits * buckets * sizeof(uint32_t));
  const auto digit = [&](K key, int d) { return int64_t(key >> (d * width)) & (buckets - 1); };
  for (int64_t i = 0; i < n; i++) {
    const K key = K(row.key_at(i));
    for (int d = 0; d < digits; d++) counts[d * buckets + digit(key, d)]++;
  }
  int active[8 * sizeof(K)], passes = 0;
  for (int d = 0; d < digits; d++)
    if (counts[d * buckets + digit(K(row.key_at(0)), d)] != n) active[passes++] = d;
  if (passes == 0) {
    for (int64_t i = 0; i < n; i++) put(i, K(row.key_at(i)), uint32_t(i));
    return;
  }
  const auto each = [&](bool first, auto take) {
    if (first)
      for (int64_t i = 0; i < n; i++) take(Entry<K>{K(row.key_at(i)), uint32_t(i)});
    else
      for (int64_t i = 0; i < n; i++) take(a[i]);
  };
  for (int p = 0; p < passes; p++) {
    const int d = active[p];
    uint32_t *bucket = counts + d * buckets, start = 0;
    for (int64_t i = 0; i < buckets; i++) start += std::exchange(bucket[i], start);
    if (p == passes - 1) each(p == 0, [&](Entry<K> e) { put(bucket[digit(e.key, d)]++, e.key, e.place); });
    else each(p == 0, [&](Entry<K> e) { b[bucket[digit(e.key, d)]++] = e; });
    std::swap(a, b);
  }
}
template <class K, class T, class Put> static void merge_sort(const Row<T>& row, Entry<K>* a, Entry<K>* b, Put put) {
  constexpr int64_t RUN = 16;
  const int64_t n = row.n;
  for (int64_t i = 0; i < n; i++) {
    const Entry<K> e{K(row.key_at(i)), uint32_t(i)};
    int64_t j = i;
    for (; j % RUN && a[j - 1].key > e.key; j--) a[j] = a[j - 1];
    a[j] = e;
  }
  for (int64_t width = RUN; width < n; width *= 2, std::swap(a, b))
    for (int64_t begin = 0; begin < n; begin += 2 * width) {
      const int64_t middle = std::min(begin + width, n), end = std::min(begin + 2 * width, n);
      int64_t l = begin, r = middle;
      for (int64_t i = begin; i < end; i++) b[i] = r >= end || (l < middle && a[l].key <= a[r].key) ? a[l++] : a[r++];
    }
  for (int64_t i = 0; i < n; i++) put(i, a[i].key, a[i].place);
}
// put(position, key, place) for every element of a row, each position once; `memory` has room for twice as many entries. Stable.
template <class T, class Put> static void sort_row(const Row<T>& row, EntryOf<T>* memory, Put put) {
  constexpr int64_t RADIX_PAYS = 256;
  const auto with = [&](auto* entries) {
    if (row.n >= RADIX_PAYS) radix_sort(row, entries, entries + row.n, put);
    else merge_sort(row, entries, entries + row.n, put);
  };
  if (row.n == 0) return;
  if (row.bits <= 32) with(reinterpret_cast<Entry<uint32_t>*>(memory));
  else with(memory);
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
      EntryOf<T>* memory = thread_scratch<EntryOf<T>, Use::SORT>(2 * n + 1);
      for (int64_t r = begin; r < end; r++) {
        const Row<T> row(x.as<T>() + r * n, n, descending);
        T* value = values.as<T>() + r * n;
        int64_t* index = indices.as<int64_t>() + r * n;
        // The elements themselves are written, so that -0 and the bits of a NaN survive; where keys tell them all, without looking them up.
        bool told = true;
        for (int64_t i = 0; i < n; i++) told &= !ambiguous(row.x[i]);
        const auto put = [&](auto element) {
          sort_row(row, memory, [=](int64_t at, Key<T> key, uint32_t place) {
            value[at] = element(key, place);
            index[at] = int64_t(place);
          });
        };
        if (told) put([&row](Key<T> key, uint32_t) { return row.element(key); });
        else put([&row](Key<T>, uint32_t place) { return row.x[place]; });
      }
    });
    return DONE;
  });
}

// ---- distinct elements

// What is asked of the groups of equal elements: the element of each (of several, the first), which group every element belongs to, and their sizes.
template <class T> struct Groups {
  T* values;
  int64_t *inverse, *counts, found = 0;
  void begin(T value) {
    values[found] = value;
    if (counts) counts[found] = 0;
    found++;
  }
  void add(int64_t place) {
    if (counts) counts[found - 1]++;
    if (inverse) inverse[place] = found - 1;
  }
};
// Integers of a range that is not much longer than their list, without sorting.
template <class T> static void group_by_table(const Row<T>& row, Groups<T>& g) {
  const int64_t range = int64_t(1) << row.bits;
  uint32_t* table = thread_scratch<uint32_t, Use::ROW>(range);
  std::memset(table, 0, range * sizeof(uint32_t));
  for (int64_t i = 0; i < row.n; i++) table[row.key_at(i)]++;
  for (int64_t k = 0; k < range; k++) {
    if (!table[k]) continue;
    g.begin(row.element(Key<T>(k)));
    if (g.counts) g.counts[g.found - 1] = table[k];
    table[k] = uint32_t(g.found - 1);
  }
  if (g.inverse) for (int64_t i = 0; i < row.n; i++) g.inverse[i] = table[row.key_at(i)];
}
// slots: x (dense), values (as many), inverse? (int64, as x), counts? (int64, as values), found (int64, one element: how many groups), consecutive
// In order, or only neighbours; NaN equals nothing.
KERNEL(distinct) {
  const Strided x = in.tensor(), values = in.tensor(), inverse = in.tensor(), counts = in.tensor(), found = in.tensor();
  const bool consecutive = in.flag();
  const int64_t n = x.numel();
  if (!x.contiguous() || x.dtype != values.dtype || n > int64_t(std::numeric_limits<uint32_t>::max())) return DECLINED;
  return for_real(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    const T* from = x.as<T>();
    Groups<T> g{values.as<T>(), inverse ? inverse.as<int64_t>() : nullptr, counts ? counts.as<int64_t>() : nullptr};
    if (consecutive) {
      for (int64_t i = 0; i < n; i++) {
        if (i == 0 || from[i - 1] != from[i]) g.begin(from[i]);
        g.add(i);
      }
    } else if (n > 0) {
      const Row<T> row(from, n, false);
      if (std::is_integral_v<T> && row.bits <= 62 && (int64_t(1) << row.bits) <= std::max<int64_t>(1024, 4 * n)) {
        group_by_table(row, g);
      } else {
        EntryOf<T>* memory = thread_scratch<EntryOf<T>, Use::SORT>(3 * n);
        EntryOf<T>* sorted = memory + 2 * n;
        sort_row(row, memory, [sorted](int64_t at, Key<T> key, uint32_t place) { sorted[at] = {key, place}; });
        for (int64_t i = 0; i < n; i++) {
          const T value = from[sorted[i].place];
          if (i == 0 || sorted[i - 1].key != sorted[i].key || value != value) g.begin(value);
          g.add(sorted[i].place);
        }
      }
    }
    *found.as<int64_t>() = g.found;
    return DONE;
  });
}

// ---- the first k

template <class T> static void make_entries(const T* x, int64_t n, bool descending, EntryOf<T>* out) {
  const Key<T> flip = descending ? ~Key<T>(0) : Key<T>(0);
  for (int64_t i = 0; i < n; i++) out[i] = {Key<T>(ascending_key(x[i]) ^ flip), uint32_t(i)};
}
template <class E> static bool before(const E& a, const E& b) { return a.key != b.key ? a.key < b.key : a.place < b.place; }

// Whether one of a vector's elements may come before `last`; LANES<T> elements where vectors compare, else one.
template <class T> constexpr int64_t AT_ONCE = sizeof(T) >= 4 ? LANES<T> : 1;
template <class T> INLINE bool may_enter(const T* x, T last, bool largest) {
  if constexpr (AT_ONCE<T> == 1) return largest ? !(*x <= last) : !(*x >= last);
  else return largest ? any_lane(~(load(x) <= splat(last))) : any_lane(~(load(x) >= splat(last)));
}
// The first k of a row in a heap whose top is the last of them: few elements enter it.
template <class T> static void select_few(const T* x, int64_t n, int64_t k, bool largest, EntryOf<T>* heap) {
  using E = EntryOf<T>;
  const Key<T> flip = largest ? ~Key<T>(0) : Key<T>(0);
  make_entries(x, k, largest, heap);
  std::make_heap(heap, heap + k, before<E>);
  const auto enter = [&](int64_t i) {
    const E e{Key<T>(ascending_key(x[i]) ^ flip), uint32_t(i)};
    if (!before(e, heap[0])) return;
    std::pop_heap(heap, heap + k, before<E>);
    heap[k - 1] = e;
    std::push_heap(heap, heap + k, before<E>);
  };
  int64_t i = k;
  for (; i + AT_ONCE<T> <= n; i += AT_ONCE<T>) {
    if (!may_enter(x + i, x[heap[0].place], largest)) continue;
    for (int64_t j = i; j < i + AT_ONCE<T>; j++) enter(j);
  }
  for (; i < n; i++) enter(i);
  std::sort_heap(heap, heap + k, before<E>);
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
  if (k == 0) return DONE;
  return for_real(x.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    constexpr int64_t FEW = 16;                                           // in so many elements one is taken, on average
    const int64_t rows = n ? x.numel() / n : 0;
    parallel_for(rows, (1 << 13) / (n + 1) + 1, [&](int64_t begin, int64_t end) {
      EntryOf<T>* entries = thread_scratch<EntryOf<T>, Use::SORT>(n + 1);
      for (int64_t r = begin; r < end; r++) {
        const T* row = x.as<T>() + r * n;
        if (k * FEW <= n) {
          select_few(row, n, k, largest, entries);
        } else {
          make_entries(row, n, largest, entries);
          if (k < n) std::nth_element(entries, entries + k, entries + n, before<EntryOf<T>>);
          std::sort(entries, entries + k, before<EntryOf<T>>);
        }
        for (int64_t i = 0; i < k; i++) {
          values.as<T>()[r * k + i] = row[entries[i].place];
          indices.as<int64_t>()[r * k + i] = int64_t(entries[i].place);
        }
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
template <class T> static int64_t place_of(Statistic statistic, const T* x, int64_t n, int64_t k, EntryOf<T>* entries) {
  int64_t nans = 0;
  for (int64_t i = 0; i < n; i++) {
    entries[i].key = ascending_key(x[i]);
    entries[i].place = static_cast<uint32_t>(i);
    if (x[i] == x[i]) continue;
    if (statistic == Statistic::MEDIAN) return i;
    nans++;
  }
  if (statistic == Statistic::KTH) {
    quick_select(entries, n, k - 1);
    return static_cast<int64_t>(entries[k - 1].place);
  }
  const int64_t middle = std::max<int64_t>((n - nans - 1) / 2, 0);
  std::nth_element(entries, entries + middle, entries + n, before<EntryOf<T>>);
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
      EntryOf<T>* entries = thread_scratch<EntryOf<T>, Use::SORT>(n);
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
