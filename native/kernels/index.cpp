// Reading and writing by index: index_select, gather, scatter, index, index_put, masked_fill, masked_select.
#include <algorithm>
#include <atomic>
#include <initializer_list>
#include <type_traits>
#include <utility>
#include "parallel.hpp"
#include "scratch.hpp"
#include "stream.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// ---- walking several strided tensors of one shape

// Calls f(place, count, offsets, steps) for the rows, or parts of rows, of the places [begin, end) of `shape` in order: offsets[t] counts elements of the t-th tensor to the
// first place, steps[t] those from one place to the next.
template <int TENSORS, class F> static void walk_rows(int ndim, const int64_t* shape, const int64_t* const (&strides)[TENSORS], int64_t begin, int64_t end, F f) {
  if (begin >= end) return;                                               // the shape may hold zeros
  // Dimensions that every tensor steps through as one are one.
  int64_t size[MAX_DIMS + 1], stride[TENSORS][MAX_DIMS + 1];
  int dims = 0;
  for (int d = 0; d < ndim; d++) {
    if (shape[d] == 1) continue;
    bool merges = dims > 0;
    for (int t = 0; t < TENSORS; t++) merges = merges && stride[t][dims - 1] == strides[t][d] * shape[d];
    if (merges) size[dims - 1] *= shape[d];
    else size[dims++] = shape[d];
    for (int t = 0; t < TENSORS; t++) stride[t][dims - 1] = strides[t][d];
  }
  if (dims == 0) {
    size[dims++] = 1;
    for (int t = 0; t < TENSORS; t++) stride[t][0] = 0;
  }
  const int last = dims - 1;
  int64_t index[MAX_DIMS + 1], row[TENSORS] = {}, rest = begin;
  for (int d = last; d >= 0; d--) {
    index[d] = rest % size[d];
    rest /= size[d];
    for (int t = 0; t < TENSORS && d < last; t++) row[t] += index[d] * stride[t][d];
  }
  for (int64_t i = begin, column = index[last]; i < end; column = 0) {
    const int64_t count = std::min(end - i, size[last] - column);
    int64_t at[TENSORS], step[TENSORS];
    for (int t = 0; t < TENSORS; t++) {
      step[t] = stride[t][last];
      at[t] = row[t] + column * step[t];
    }
    f(i, count, at, step);
    i += count;
    for (int d = last - 1; d >= 0; d--) {
      for (int t = 0; t < TENSORS; t++) row[t] += stride[t][d];
      if (++index[d] < size[d]) break;
      for (int t = 0; t < TENSORS; t++) row[t] -= size[d] * stride[t][d];
      index[d] = 0;
    }
  }
}
// Calls f(place, offsets) at every place; the steps of a row stay in registers.
template <int TENSORS, class F> static void walk(int ndim, const int64_t* shape, const int64_t* const (&strides)[TENSORS], int64_t begin, int64_t end, F f) {
  walk_rows<TENSORS>(ndim, shape, strides, begin, end, [&](int64_t first, int64_t count, const int64_t* start, const int64_t* step) {
    [&]<size_t... T>(std::index_sequence<T...>) {
      for (int64_t k = 0; k < count; k++) {
        const int64_t at[] = {start[T] + k * step[T]...};
        f(first + k, at);
      }
    }(std::make_index_sequence<TENSORS>());
  });
}
constexpr int64_t GRAIN = 1 << 14;

// out[k] = x[k * from + index[k] * scale] with steps for out and index; `streamed`: see stream.hpp.
template <class E> static void gather_row(E* out, int64_t to, const E* x, int64_t from, const int64_t* index, int64_t step, int64_t scale, int64_t count, bool streamed) {
  if (streamed && to == 1) {
    constexpr int64_t PIECE = 512;
    alignas(64) E piece[PIECE];
    for (int64_t k = 0; k < count; k += PIECE) {
      const int64_t n = std::min(PIECE, count - k);
      gather_row(piece, 1, x + k * from, from, index + k * step, step, scale, n, false);
      stream_copy(reinterpret_cast<char*>(out + k), reinterpret_cast<const char*>(piece), n * sizeof(E));
    }
  } else if (to == 1 && from == 0 && step == 1 && scale == 1) {
#pragma GCC ivdep
    for (int64_t k = 0; k < count; k++) out[k] = x[index[k]];
  } else {
    for (int64_t k = 0; k < count; k++) out[k * to] = x[k * from + index[k * step] * scale];
  }
}

// Is every index of a run in [low, size)?
static bool run_within(const int64_t* index, int64_t step, int64_t count, int64_t low, int64_t size) {
  uint64_t bad = 0;
  const auto check = [&](int64_t i) { bad |= uint64_t(i - low) >= uint64_t(size - low); };
  if (step == 1)
    for (int64_t k = 0; k < count; k++) check(index[k]);
  else
    for (int64_t k = 0; k < count; k++) check(index[k * step]);
  return bad == 0;
}
// Is every index in [low, size)?
static bool within(Strided index, int64_t low, int64_t size) {
  if (index.numel() == 0) return true;
  for (int d = 0; d < index.ndim; d++)
    if (index.stride[d] == 0) index.size[d] = 1;
  bool good = true;
  walk_rows<1>(index.ndim, index.size, {index.stride}, 0, index.numel(),
               [&](int64_t, int64_t count, const int64_t* at, const int64_t* step) { good &= run_within(index.as<int64_t>() + at[0], step[0], count, low, size); });
  return good;
}
// f(first, count) for pieces of a run of indices that are within [0, size): checked while they are in the cache, because indices are often the largest operand.
// False where one is not; the result is then of no use.
template <class F> static bool each_checked(const int64_t* index, int64_t step, int64_t count, int64_t size, F f) {
  constexpr int64_t PIECE = 1024;
  for (int64_t k = 0; k < count; k += PIECE) {
    const int64_t n = std::min(PIECE, count - k);
    if (!run_within(index + k * step, step, n, 0, size)) return false;
    f(k, n);
  }
  return true;
}

// How many elements the last dimensions, from `first` on, hold: as many of them as are dense in all tensors given. `first` says where they begin.
static int64_t dense_tail(int ndim, const int64_t* size, std::initializer_list<const int64_t*> strides, int limit, int& first) {
  int64_t inner = 1;
  auto continues = [&](int d) {
    return size[d] == 1 || std::all_of(strides.begin(), strides.end(), [&](const int64_t* s) { return s[d] == inner; });
  };
  for (first = ndim; first > limit && continues(first - 1);) inner *= size[--first];
  return inner;
}

// ---- one dimension

// slots: x, dim, index (1-D int64), out (as x but index.numel() along dim)
KERNEL(index_select) {
  const Strided x = in.tensor();
  const int dim = int(in.integer());
  const Strided index = in.tensor(), out = in.tensor();
  if (index.dtype != DType::i64 || index.ndim > 1 || x.dtype != out.dtype || x.ndim != out.ndim) return DECLINED;
  if (out.numel() == 0 && index.numel() == 0) return DONE;
  if (x.ndim == 0) {
    if (!within(index, 0, 1)) return OUT_OF_RANGE;
    std::memcpy(out.data, x.data, element_size(x.dtype));
    return DONE;
  }
  if (!within(index, 0, x.size[dim])) return OUT_OF_RANGE;
  if (out.numel() == 0) return DONE;
  const int64_t index_step = index.ndim ? index.stride[0] : 0;
  // Rows that are dense in both are copied whole.
  int first;
  const int64_t inner = dense_tail(x.ndim, x.size, {x.stride, out.stride}, dim + 1, first);
  int64_t shape[MAX_DIMS], from[MAX_DIMS], to[MAX_DIMS], select[MAX_DIMS] = {};
  for (int d = 0; d < first; d++) {
    shape[d] = out.size[d];
    from[d] = d == dim ? 0 : x.stride[d];
    to[d] = out.stride[d];
  }
  select[dim] = index_step;
  int64_t rows = 1;
  for (int d = 0; d < first; d++) rows *= shape[d];
  return for_width(x.dtype, [&](auto element) -> Status {
    using E = decltype(element);
    const int64_t bytes = rows * inner * sizeof(E);
    const bool streamed = streams_rows(out.data, bytes, inner * sizeof(E));
    parallel_for(rows, GRAIN / (inner + 1) + 1, [&](int64_t begin, int64_t end) {
      walk_rows<3>(first, shape, {from, to, select}, begin, end, [&](int64_t, int64_t count, const int64_t* at, const int64_t* step) {
        const E* row = x.as<E>() + at[0];
        const int64_t* selected = index.as<int64_t>() + at[2];
        E* o = out.as<E>() + at[1];
        if (inner == 1) return gather_row(o, step[1], row, step[0], selected, step[2], x.stride[dim], count, streams(bytes, count * sizeof(E)));
        const auto selected_row = [&](int64_t k) { return row + k * step[0] + selected[k * step[2]] * x.stride[dim]; };
        for (int64_t k = 0; k < count; k++) {
          prefetch_row(selected_row(std::min(k + ROWS_AHEAD, count - 1)), inner * sizeof(E));
          copy_row(o + k * step[1], selected_row(k), inner * sizeof(E), streamed);
        }
      });
      end_streaming();
    });
    return DONE;
  });
}

// slots: x, dim, index (int64, as out), out
KERNEL(gather) {
  const Strided x = in.tensor();
  const int dim = int(in.integer());
  const Strided index = in.tensor(), out = in.tensor();
  if (index.dtype != DType::i64 || x.dtype != out.dtype || x.ndim != out.ndim || index.ndim != out.ndim) return DECLINED;
  if (index.numel() == 0) return DONE;
  const int64_t size = x.ndim ? x.size[dim] : 1;
  int64_t from[MAX_DIMS] = {};
  for (int d = 0; d < x.ndim; d++) from[d] = d == dim ? 0 : x.stride[d];
  const int64_t scale = x.ndim ? x.stride[dim] : 0;
  return for_width(x.dtype, [&](auto element) -> Status {
    using E = decltype(element);
    std::atomic<bool> good{true};
    parallel_for(out.numel(), GRAIN, [&](int64_t begin, int64_t end) {
      walk_rows<3>(out.ndim, out.size, {from, index.stride, out.stride}, begin, end, [&](int64_t, int64_t count, const int64_t* at, const int64_t* step) {
        const int64_t* chosen = index.as<int64_t>() + at[1];
        const bool checked = each_checked(chosen, step[1], count, size, [&](int64_t k, int64_t n) {
          gather_row(out.as<E>() + at[2] + k * step[2], step[2], x.as<E>() + at[0] + k * step[0], step[0], chosen + k * step[1], step[1], scale, n,
                     streams(out.numel() * sizeof(E), n * sizeof(E)));
        });
        if (!checked) good.store(false, std::memory_order_relaxed);
      });
      end_streaming();
    });
    return good.load() ? DONE : OUT_OF_RANGE;
  });
}

// x[index along dim] = or += source, in the order of the index.
template <class E, class Write> static Status scatter_into(const Strided& x, int dim, const Strided& index, const Strided& source, Write write) {
  int64_t to[MAX_DIMS] = {};
  for (int d = 0; d < x.ndim; d++) to[d] = d == dim ? 0 : x.stride[d];
  const int64_t step = x.ndim ? x.stride[dim] : 0;
  // Dimensions along which the index repeats are rows.
  int repeats = index.ndim, first = 0;
  while (repeats - 1 > dim && (index.stride[repeats - 1] == 0 || index.size[repeats - 1] == 1)) repeats--;
  const int64_t inner = dense_tail(index.ndim, index.size, {x.stride, source.stride}, repeats, first), size = x.ndim ? x.size[dim] : 1;
  bool good = true;
  walk_rows<3>(first, index.size, {to, index.stride, source.stride}, 0, index.numel() / inner, [&](int64_t, int64_t count, const int64_t* at, const int64_t* steps) {
    E* target = x.as<E>() + at[0];
    const int64_t* chosen = index.as<int64_t>() + at[1];
    const E* from = source.as<E>() + at[2];
    // A run that scatters within one row: the row's lines are asked for together instead of one by one.
    if (steps[0] == 0 && step == 1 && count >= size / 8) prefetch_written(target, std::min<int64_t>(size * sizeof(E), 16384));
    good = good && each_checked(chosen, steps[1], count, size, [&](int64_t begin, int64_t n) {
      for (int64_t i = begin; i < begin + n; i++) {
        E* to_row = target + i * steps[0] + chosen[i * steps[1]] * step;
        if (inner == 1) write(*to_row, from[i * steps[2]]);
        else
          for (int64_t k = 0; k < inner; k++) write(to_row[k], from[i * steps[2] + k]);
      }
    });
  });
  return good ? DONE : OUT_OF_RANGE;
}
template <class T> static void add_into(T& to, T value) {
  if constexpr (std::is_integral_v<T>) to = T(std::make_unsigned_t<T>(to) + std::make_unsigned_t<T>(value));
  else to += value;
}

// slots: x (changed), dim, index (int64), source (at least index's size in every dimension; stride 0 for a scalar), add (0: set)
KERNEL(scatter) {
  const Strided x = in.tensor();
  const int dim = int(in.integer());
  const Strided index = in.tensor(), source = in.tensor();
  const bool add = in.flag();
  if (index.dtype != DType::i64 || x.dtype != source.dtype || x.ndim != index.ndim || source.ndim != index.ndim || (add && x.dtype == DType::boolean)) return DECLINED;
  if (index.numel() == 0) return DONE;
  auto run = [&](auto element, auto write) { return scatter_into<decltype(element)>(x, dim, index, source, write); };
  if (!add) return for_width(x.dtype, [&](auto element) { return run(element, [](auto& to, auto value) { to = value; }); });
  return for_real(x.dtype, [&](auto element) { return run(element, [](auto& to, auto value) { add_into(to, value); }); });
}

// ---- several dimensions: x seen as (before…, indexed…, after…) with the indexed dimensions replaced by the index tensors' shape

// What `index` and `index_put` share: a place of the result gives an offset into x by the plain strides and by the index tensors.
struct Indexing {
  int count;                                                              // index tensors, already broadcast to one shape
  int ndim;                                                               // of the result
  int64_t size[MAX_DIMS], plain[MAX_DIMS];                                // the result's shape; x's stride for each result dimension (0 along the index dimensions)
  int index_first, index_ndim;                                            // the index dimensions in the result
  Strided* tensors;
  int64_t* extent;                                                        // of x along each indexed dimension
  int64_t* step;                                                          // x's stride along it
};
// Negative indices count from the end.
static bool resolve_indices(const Indexing& g, int64_t* offsets) {
  int64_t n = 1;
  for (int d = 0; d < g.index_ndim; d++) n *= g.size[g.index_first + d];
  std::memset(offsets, 0, n * sizeof(int64_t));
  bool good = true;
  for (int t = 0; t < g.count; t++)
    walk<1>(g.index_ndim, g.size + g.index_first, {g.tensors[t].stride}, 0, n, [&](int64_t i, const int64_t* at) {
      int64_t v = g.tensors[t].as<int64_t>()[at[0]];
      if (v < 0) v += g.extent[t];
      good &= v >= 0 && v < g.extent[t];
      offsets[i] += v * g.step[t];
    });
  return good;
}
// Reads the layout and resolves the index tensors; then run(indexing, offsets) with offsets by place in the index shape.
template <class F> static Status with_indexing(Reader& in, F run) {
  Indexing g;
  g.ndim = int(in.integer());
  for (int d = 0; d < g.ndim; d++) g.size[d] = in.integer();
  for (int d = 0; d < g.ndim; d++) g.plain[d] = in.integer();
  g.index_first = int(in.integer());
  g.index_ndim = int(in.integer());
  g.count = int(in.integer());
  Buffer<Strided> tensors(g.count + 1);
  Buffer<int64_t> numbers(2 * g.count + 1);
  if (!tensors || !numbers) return OUT_OF_MEMORY;
  g.tensors = tensors.get();
  g.extent = numbers.get();
  g.step = numbers.get() + g.count;
  for (int t = 0; t < g.count; t++) {
    g.tensors[t] = in.tensor();
    g.extent[t] = in.integer();
    g.step[t] = in.integer();
    if (g.tensors[t].dtype != DType::i64 || g.tensors[t].ndim != g.index_ndim) return DECLINED;
  }
  int64_t places = 1;
  for (int d = 0; d < g.index_ndim; d++) places *= g.size[g.index_first + d];
  Buffer<int64_t> offsets(places + 1);
  if (!offsets) return OUT_OF_MEMORY;
  if (!resolve_indices(g, offsets.get())) return OUT_OF_RANGE;
  return run(g, offsets.get());
}
// The places of a result, in rows of `inner` elements that are dense in x and in the tensor of the result's shape whose strides `other` are.
struct IndexedRows {
  int dims;
  int64_t inner, rows;
  IndexedRows(const Indexing& g, const int64_t* other) : inner(dense_tail(g.ndim, g.size, {other, g.plain}, g.index_first + g.index_ndim, dims)), rows(1) {
    for (int d = 0; d < dims; d++) rows *= g.size[d];
  }
};
// f(count, at, steps) for runs of the rows [begin, end): offsets into `other`, into x by the plain strides, and into `offsets`, as walk_rows gives them.
template <class F> static void walk_indexed(const Indexing& g, const IndexedRows& r, const int64_t* other, int64_t begin, int64_t end, F f) {
  int64_t place[MAX_DIMS] = {}, n = 1;
  for (int d = g.index_first + g.index_ndim - 1; d >= g.index_first; d--) {
    place[d] = n;
    n *= g.size[d];
  }
  walk_rows<3>(r.dims, g.size, {other, g.plain, place}, begin, end, [&](int64_t, int64_t count, const int64_t* at, const int64_t* step) { f(count, at, step); });
}

// slots: x (its offset applied), out, then: ndim of the result, its sizes, x's stride for each result dimension (0 along the index dimensions), first index dimension, number of
//        index dimensions, number of index tensors, and for each: tensor (int64, expanded to the index shape), x's size and stride along the dimension it indexes
KERNEL(index) {
  const Strided x = in.tensor(), out = in.tensor();
  if (x.dtype != out.dtype) return DECLINED;
  return with_indexing(in, [&](const Indexing& g, const int64_t* offsets) {
    return for_width(x.dtype, [&](auto element) -> Status {
      using E = decltype(element);
      const IndexedRows r(g, out.stride);
      const int64_t bytes = r.rows * r.inner * sizeof(E);
      const bool streamed = streams_rows(out.data, bytes, r.inner * sizeof(E));
      parallel_for(r.rows, GRAIN / (r.inner + 1) + 1, [&](int64_t begin, int64_t end) {
        walk_indexed(g, r, out.stride, begin, end, [&](int64_t count, const int64_t* at, const int64_t* step) {
          E* to = out.as<E>() + at[0];
          const E* from = x.as<E>() + at[1];
          const int64_t* chosen = offsets + at[2];
          if (r.inner == 1) return gather_row(to, step[0], from, step[1], chosen, step[2], 1, count, streams(bytes, count * sizeof(E)));
          const auto chosen_row = [&](int64_t k) { return from + k * step[1] + chosen[k * step[2]]; };
          for (int64_t k = 0; k < count; k++) {
            prefetch_row(chosen_row(std::min(k + ROWS_AHEAD, count - 1)), r.inner * sizeof(E));
            copy_row(to + k * step[0], chosen_row(k), r.inner * sizeof(E), streamed);
          }
        });
        end_streaming();
      });
      return DONE;
    });
  });
}
// slots: x (changed), values (expanded to the result's shape), accumulate, then as index
KERNEL(index_put) {
  const Strided x = in.tensor(), values = in.tensor();
  const bool accumulate = in.flag();
  if (x.dtype != values.dtype || (accumulate && x.dtype == DType::boolean)) return DECLINED;
  if (accumulate && for_real(x.dtype, [](auto) { return DONE; }) == DECLINED) return DECLINED;
  return with_indexing(in, [&](const Indexing& g, const int64_t* offsets) {
    const IndexedRows r(g, values.stride);
    auto run = [&](auto element, auto write) -> Status {
      using E = decltype(element);
      walk_indexed(g, r, values.stride, 0, r.rows, [&](int64_t count, const int64_t* at, const int64_t* step) {
        for (int64_t i = 0; i < count; i++) {
          const E* from = values.as<E>() + at[0] + i * step[0];
          E* to = x.as<E>() + at[1] + i * step[1] + offsets[at[2] + i * step[2]];
          for (int64_t k = 0; k < r.inner; k++) write(to[k], from[k]);
        }
      });
      return DONE;
    };
    if (!accumulate) return for_width(x.dtype, [&](auto element) { return run(element, [](auto& to, auto value) { to = value; }); });
    return for_real(x.dtype, [&](auto element) { return run(element, [](auto& to, auto value) { add_into(to, value); }); });
  });
}

// ---- masks

// slots: x (changed), mask (bool, expanded to x's shape), value (0-D or one element, x's dtype)
KERNEL(masked_fill) {
  const Strided x = in.tensor(), mask = in.tensor(), value = in.tensor();
  if (mask.dtype != DType::boolean || mask.ndim != x.ndim || value.dtype != x.dtype) return DECLINED;
  return for_width(x.dtype, [&](auto element) -> Status {
    using E = decltype(element);
    const E fill = *value.as<E>();
    const int64_t n = x.numel();
    if (x.contiguous() && mask.contiguous())
      parallel_for(n, GRAIN, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++)
          if (mask.as<uint8_t>()[i]) x.as<E>()[i] = fill;
      });
    else
      parallel_for(n, GRAIN, [&](int64_t begin, int64_t end) {
        walk<2>(x.ndim, x.size, {x.stride, mask.stride}, begin, end, [&](int64_t, const int64_t* at) {
          if (mask.as<uint8_t>()[at[1]]) x.as<E>()[at[0]] = fill;
        });
      });
    return DONE;
  });
}
// slots: mask (bool, any strides), count (int64, one element, written): how many places are true
KERNEL(mask_count) {
  const Strided mask = in.tensor(), count = in.tensor();
  if (mask.dtype != DType::boolean || count.dtype != DType::i64) return DECLINED;
  int64_t n = 0;
  walk<1>(mask.ndim, mask.size, {mask.stride}, 0, mask.numel(), [&](int64_t, const int64_t* at) { n += mask.as<uint8_t>()[at[0]] != 0; });
  *count.as<int64_t>() = n;
  return DONE;
}
// slots: x, mask (bool; both expanded to one shape), out (1-D, dense, as long as mask_count says)
KERNEL(masked_select) {
  const Strided x = in.tensor(), mask = in.tensor(), out = in.tensor();
  if (mask.dtype != DType::boolean || mask.ndim != x.ndim || x.dtype != out.dtype || !out.contiguous()) return DECLINED;
  return for_width(x.dtype, [&](auto element) -> Status {
    using E = decltype(element);
    E* to = out.as<E>();
    walk<2>(x.ndim, x.size, {x.stride, mask.stride}, 0, x.numel(), [&](int64_t, const int64_t* at) {
      if (mask.as<uint8_t>()[at[1]]) *to++ = x.as<E>()[at[0]];
    });
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
