// Strided copies between any two dtypes, and fills. Source and target do not overlap.
#include <algorithm>
#include <utility>
#include "convert.hpp"
#include "parallel.hpp"
#include "stream.hpp"
#include "transpose.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

constexpr int64_t COPY_GRAIN = 65536;  // elements that are worth a thread
constexpr int64_t BUFFER = 1024;       // elements between gathering, conversion and scattering

// The space of both tensors: ordered by the target's strides, merged, at least two dimensions.
struct CopySpace {
  int ndim = 0;
  int64_t size[MAX_DIMS + 2], from[MAX_DIMS + 2], to[MAX_DIMS + 2];

  void swap(int x, int y) {
    std::swap(size[x], size[y]);
    std::swap(from[x], from[y]);
    std::swap(to[x], to[y]);
  }
  CopySpace(const Strided& source, const Strided& target) {
    for (int d = 0; d < target.ndim; d++) {
      if (target.size[d] == 1) continue;
      size[ndim] = target.size[d];
      from[ndim] = source.stride[d];
      to[ndim++] = target.stride[d];
    }
    for (int i = 1; i < ndim; i++)
      for (int j = i; j > 0 && to[j - 1] < to[j]; j--) swap(j - 1, j);
    int kept = 0;
    for (int d = 1; d < ndim; d++) {
      if (from[kept] == from[d] * size[d] && to[kept] == to[d] * size[d])
        size[kept] *= size[d];
      else
        size[++kept] = size[d];
      from[kept] = from[d];
      to[kept] = to[d];
    }
    if (ndim > 0) ndim = kept + 1;
    while (ndim < 2) {
      size[ndim] = 1;
      from[ndim] = to[ndim] = ndim == 0 ? 1 : 0;
      for (int j = ndim++; j > 0; j--) swap(j - 1, j);
    }
    // Rows of a tile run along the dimension in which a transposed source is contiguous.
    if (from[ndim - 1] > 1)
      for (int d = 0; d < ndim - 1; d++)
        if (from[d] == 1) swap(d, ndim - 2);
  }
  int64_t numel() const {
    int64_t n = 1;
    for (int d = 0; d < ndim; d++) n *= size[d];
    return n;
  }
  int64_t rows() const { return size[ndim - 2]; }
  int64_t columns() const { return size[ndim - 1]; }
};

// Calls tile(source offset, target offset, rows, columns) over the space, in parallel; offsets count elements.
template <class F> static void each_tile(const CopySpace& s, int64_t tile_rows, int64_t tile_columns, F tile) {
  const int outer = s.ndim - 2;
  const int64_t row_tiles = (s.rows() + tile_rows - 1) / tile_rows, column_tiles = (s.columns() + tile_columns - 1) / tile_columns;
  int64_t tiles = row_tiles * column_tiles;
  for (int d = 0; d < outer; d++) tiles *= s.size[d];
  parallel_for(tiles, std::max<int64_t>(1, COPY_GRAIN / (tile_rows * tile_columns)), [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; t++) {
      int64_t rest = t / column_tiles;
      const int64_t c = t % column_tiles * tile_columns, r = rest % row_tiles * tile_rows;
      int64_t from = r * s.from[outer] + c * s.from[outer + 1], to = r * s.to[outer] + c * s.to[outer + 1];
      rest /= row_tiles;
      for (int d = outer - 1; d >= 0; d--) {
        from += rest % s.size[d] * s.from[d];
        to += rest % s.size[d] * s.to[d];
        rest /= s.size[d];
      }
      tile(from, to, std::min(tile_rows, s.rows() - r), std::min(tile_columns, s.columns() - c));
    }
  });
}

// Rows of a large result, through a buffer in L1 where the source is not contiguous.
static void stream_rows(const CopySpace& s, int size, const char* source, char* target) {
  const int outer = s.ndim - 2;
  const int64_t from_column = s.from[outer + 1], columns = std::min(s.columns(), from_column == 1 ? COPY_GRAIN : BUFFER), rows = std::max<int64_t>(1, std::min(s.rows(), COPY_GRAIN / columns));
  each_tile(s, rows, columns, [&](int64_t from, int64_t to, int64_t r, int64_t c) {
    alignas(64) char row[BUFFER * 16];
    for (int64_t i = 0; i < r; i++) {
      const char* in = source + (from + i * s.from[outer]) * size;
      // A row that is repeated, or a number that fills rows, is in the buffer already.
      if (from_column != 1 && (i == 0 || s.from[outer] != 0)) move_raw_tile(size, in, 0, from_column, row, 0, 1, 1, c);
      stream_copy(target + (to + i * s.to[outer]) * size, from_column == 1 ? in : row, c * size);
    }
    end_streaming();
  });
}

// One real component; scales are 2 where the memory is complex. A null source writes zeros.
static void convert_component(const CopySpace& s, const char* source, DType from, int from_scale, char* target, DType to, int to_scale) {
  const Converter convert = converter(from, to);
  const int from_size = element_size(from), to_size = element_size(to);
  const int outer = s.ndim - 2;
  const bool transposed = s.from[outer + 1] > 1 && s.from[outer] == 1;
  const int64_t columns = std::min<int64_t>(s.columns(), transposed ? 64 : BUFFER), rows = std::min(s.rows(), BUFFER / columns);
  const bool streamed = to_scale == 1 && streams(s.numel() * to_size, columns * to_size);
  each_tile(s, rows, columns, [&](int64_t offset, int64_t to_offset, int64_t r, int64_t c) {
    alignas(64) char gathered[BUFFER * 8];
    alignas(64) char converted[BUFFER * 8];
    const int64_t from_row = s.from[outer] * from_scale, from_column = s.from[outer + 1] * from_scale;
    const int64_t to_row = s.to[outer] * to_scale, to_column = s.to[outer + 1] * to_scale;
    char* out = target + to_offset * to_scale * to_size;
    const char* in = gathered;
    if (!source)
      std::memset(gathered, 0, r * c * from_size);
    else if (from_column == 1 && (r == 1 || from_row == c))
      in = source + offset * from_scale * from_size;
    else
      move_raw_tile(from_size, source + offset * from_scale * from_size, from_row, from_column, gathered, c, 1, r, c);
    const bool straight = to_column == 1 && (r == 1 || to_row == c);
    convert(in, straight && !streamed ? out : converted, r * c);
    if (straight && streamed) {
      stream_copy(out, converted, r * c * to_size);
      end_streaming();
    } else if (!straight)
      move_raw_tile(to_size, converted, c, 1, out, to_row, to_column, r, c);
  });
}

// Slots: source, target (same sizes). Complex to real keeps the real part.
KERNEL(copy) {
  const Strided source = in.tensor(), target = in.tensor();
  if (target.numel() == 0) return DONE;
  const CopySpace space(source, target);
  const int outer = space.ndim - 2;
  if (source.dtype == target.dtype) {
    const int size = element_size(target.dtype);
    const bool patches = space.from[outer + 1] < -1 || space.from[outer + 1] > 2 || space.to[outer + 1] != 1;
    if (!patches && streams(target.numel() * size, space.columns() * size)) {
      stream_rows(space, size, source.data, target.data);
      return DONE;
    }
    const bool transposed = patches && space.to[outer + 1] == 1;
    const int64_t columns = std::min<int64_t>(space.columns(), transposed ? 128 : patches ? 64 : COPY_GRAIN);
    const int64_t rows = std::min(space.rows(), std::max<int64_t>(1, transposed ? 32 : patches ? 64 : COPY_GRAIN / columns));
    each_tile(space, rows, columns, [&](int64_t from, int64_t to, int64_t r, int64_t c) {
      char* out = target.data + to * size;
      // A patch touches its rows one after another, a few elements at a time: waiting for each line would take three times as long.
      if (transposed)
        for (int64_t i = 0; i < r; i++) prefetch_written(out + i * space.to[outer] * size, c * size);
      move_raw_tile(size, source.data + from * size, space.from[outer], space.from[outer + 1], out, space.to[outer], space.to[outer + 1], r, c);
    });
    return DONE;
  }
  const DType from = real_part_type(source.dtype), to = real_part_type(target.dtype);
  const int from_scale = is_complex(source.dtype) ? 2 : 1, to_scale = is_complex(target.dtype) ? 2 : 1;
  if (!converter(from, to)) return DECLINED;
  for (int component = 0; component < to_scale; component++) {
    const char* data = component < from_scale ? source.data + component * element_size(from) : nullptr;
    convert_component(space, data, from, from_scale, target.data + component * element_size(to), to, to_scale);
  }
  return DONE;
}

template <class T> static void fill_all(const CopySpace& s, char* target, const char* element) {
  T x;
  std::memcpy(&x, element, sizeof(T));
  const int outer = s.ndim - 2;
  const int64_t columns = std::min(s.columns(), COPY_GRAIN), rows = std::min(s.rows(), std::max<int64_t>(1, COPY_GRAIN / columns));
  each_tile(s, rows, columns, [&](int64_t, int64_t to, int64_t r, int64_t c) {
    for (int64_t i = 0; i < r; i++) {
      T* o = reinterpret_cast<T*>(target) + to + i * s.to[outer];
      if (s.to[outer + 1] == 1) {
        for (int64_t j = 0; j < c; j++) o[j] = x;
      } else {
        for (int64_t j = 0; j < c; j++) o[j * s.to[outer + 1]] = x;
      }
    }
  });
}

// Slots: target; kind of the value: 0 a real number (one slot), 1 the bits of an int64 (one slot), 2 a complex number (two slots).
KERNEL(fill) {
  const Strided target = in.tensor();
  const int64_t kind = in.integer();
  double parts[2] = {0, 0};
  int64_t whole = 0;
  if (kind == 1)
    whole = in.bits64();
  else
    parts[0] = in.real();
  if (kind == 2) parts[1] = in.real();
  if (target.numel() == 0) return DONE;

  const DType real = real_part_type(target.dtype);
  const Converter convert = converter(kind == 1 ? DType::i64 : DType::f64, real);
  if (!convert) return DECLINED;
  char element[16] = {};
  convert(kind == 1 ? reinterpret_cast<const char*>(&whole) : reinterpret_cast<const char*>(&parts[0]), element, 1);
  if (is_complex(target.dtype)) converter(DType::f64, real)(reinterpret_cast<const char*>(&parts[1]), element + element_size(real), 1);

  const CopySpace space(target, target);
  switch (element_size(target.dtype)) {
    case 1: fill_all<uint8_t>(space, target.data, element); break;
    case 2: fill_all<uint16_t>(space, target.data, element); break;
    case 4: fill_all<uint32_t>(space, target.data, element); break;
    case 8: fill_all<uint64_t>(space, target.data, element); break;
    default: fill_all<Bytes16>(space, target.data, element);
  }
  return DONE;
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
