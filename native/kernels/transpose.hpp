// Moving raw elements of 1, 2, 4, 8 or 16 bytes between strided memory and contiguous tiles.
#pragma once
#include <cstdint>
#include <cstring>
#include <type_traits>
#include "level.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

struct Bytes16 {
  uint64_t low, high;
};

typedef uint32_t FourWords __attribute__((vector_size(16)));
typedef uint32_t FourWordsUnaligned __attribute__((vector_size(16), aligned(4), may_alias));
typedef uint64_t TwoWords __attribute__((vector_size(16)));
typedef uint64_t TwoWordsUnaligned __attribute__((vector_size(16), aligned(8), may_alias));

// to[r * to_stride + c] = from[c * from_stride + r] for r < rows, c < columns
template <class T> static void transpose_tile(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t rows, int64_t columns) {
  int64_t c = 0;
  if constexpr (sizeof(T) == 4) {
    for (; c + 4 <= columns; c += 4) {
      const T* p = from + c * from_stride;
      int64_t r = 0;
      for (; r + 4 <= rows; r += 4) {
        const FourWords x = *(const FourWordsUnaligned*)(p + r), y = *(const FourWordsUnaligned*)(p + from_stride + r);
        const FourWords z = *(const FourWordsUnaligned*)(p + 2 * from_stride + r), w = *(const FourWordsUnaligned*)(p + 3 * from_stride + r);
        const FourWords xy0 = __builtin_shufflevector(x, y, 0, 4, 1, 5), xy1 = __builtin_shufflevector(x, y, 2, 6, 3, 7);
        const FourWords zw0 = __builtin_shufflevector(z, w, 0, 4, 1, 5), zw1 = __builtin_shufflevector(z, w, 2, 6, 3, 7);
        T* o = to + r * to_stride + c;
        *(FourWordsUnaligned*)o = __builtin_shufflevector(xy0, zw0, 0, 1, 4, 5);
        *(FourWordsUnaligned*)(o + to_stride) = __builtin_shufflevector(xy0, zw0, 2, 3, 6, 7);
        *(FourWordsUnaligned*)(o + 2 * to_stride) = __builtin_shufflevector(xy1, zw1, 0, 1, 4, 5);
        *(FourWordsUnaligned*)(o + 3 * to_stride) = __builtin_shufflevector(xy1, zw1, 2, 3, 6, 7);
      }
      for (; r < rows; r++)
        for (int i = 0; i < 4; i++) to[r * to_stride + c + i] = p[i * from_stride + r];
    }
  } else if constexpr (sizeof(T) == 8) {
    for (; c + 2 <= columns; c += 2) {
      const T* p = from + c * from_stride;
      int64_t r = 0;
      for (; r + 2 <= rows; r += 2) {
        const TwoWords x = *(const TwoWordsUnaligned*)(p + r), y = *(const TwoWordsUnaligned*)(p + from_stride + r);
        T* o = to + r * to_stride + c;
        *(TwoWordsUnaligned*)o = __builtin_shufflevector(x, y, 0, 2);
        *(TwoWordsUnaligned*)(o + to_stride) = __builtin_shufflevector(x, y, 1, 3);
      }
      for (; r < rows; r++)
        for (int i = 0; i < 2; i++) to[r * to_stride + c + i] = p[i * from_stride + r];
    }
  }
  for (; c < columns; c++)
    for (int64_t r = 0; r < rows; r++) to[r * to_stride + c] = from[c * from_stride + r];
}

// to[c] = from[c * step], with the usual steps as constants for the vectoriser.
template <class T> static inline void move_row(const T* from, int64_t step, T* to, int64_t columns) {
  auto steps = [&](auto s) {
#pragma GCC ivdep
    for (int64_t c = 0; c < columns; c++) to[c] = from[c * s];
  };
  switch (step) {
    case 0: {
      const T x = *from;
      for (int64_t c = 0; c < columns; c++) to[c] = x;
      return;
    }
    case 1: std::memcpy(to, from, columns * sizeof(T)); return;
    case -1: return steps(std::integral_constant<int, -1>());
    case 2: return steps(std::integral_constant<int, 2>());
    default: return steps(step);
  }
}
// A rows x columns tile from one strided place to another; strides count elements. Transposed tiles and rows of the usual steps are fast.
template <class T>
static void move_tile(const T* from, int64_t from_row, int64_t from_column, T* to, int64_t to_row, int64_t to_column, int64_t rows, int64_t columns) {
  if (from_row == 1 && to_column == 1 && from_column != 1 && rows > 1) {
    transpose_tile(from, from_column, to, to_row, rows, columns);
  } else if (from_column == 1 && to_row == 1 && to_column != 1) {
    transpose_tile(from, from_row, to, to_column, columns, rows);
  } else {
    for (int64_t r = 0; r < rows; r++) {
      const T* p = from + r * from_row;
      T* o = to + r * to_row;
      if (to_column == 1) {
        move_row(p, from_column, o, columns);
      } else {
        for (int64_t c = 0; c < columns; c++) o[c * to_column] = p[c * from_column];
      }
    }
  }
}

// The same for an element size known at run time; strides still count elements.
static inline void move_raw_tile(int size, const char* from, int64_t from_row, int64_t from_column, char* to, int64_t to_row, int64_t to_column, int64_t rows, int64_t columns) {
  auto move = [&](auto element) {
    using T = decltype(element);
    move_tile(reinterpret_cast<const T*>(from), from_row, from_column, reinterpret_cast<T*>(to), to_row, to_column, rows, columns);
  };
  switch (size) {
    case 1: return move(uint8_t());
    case 2: return move(uint16_t());
    case 4: return move(uint32_t());
    case 8: return move(uint64_t());
    default: return move(Bytes16());
  }
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
