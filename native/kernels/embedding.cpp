// Rows of a table by index, and the gradient of the table.
#include "parallel.hpp"
#include "rows.hpp"
#include "stream.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

// Any dense tensor of int32 or int64 indices, read as int64.
class Indices {
  const int32_t* narrow;
  const int64_t* wide;

 public:
  explicit Indices(const Strided& x) : narrow(x.dtype == DType::i32 ? x.as<int32_t>() : nullptr), wide(x.dtype == DType::i64 ? x.as<int64_t>() : nullptr) {}
  bool usable() const { return narrow || wide; }
  int64_t operator[](int64_t i) const { return wide ? wide[i] : narrow[i]; }
  bool within(int64_t count, int64_t size) const {
    for (int64_t i = 0; i < count; i++)
      if ((*this)[i] < 0 || (*this)[i] >= size) return false;
    return true;
  }
};

// slots: weight (rows, width; any dtype; rows dense), indices (int32 or int64, dense), out (indices…, width; dense)
KERNEL(embedding) {
  const Strided weight = in.tensor(), indices = in.tensor(), out = in.tensor();
  const int64_t count = indices.numel();
  if (count == 0) return DONE;
  const Indices index(indices);
  if (weight.ndim != 2 || weight.dtype != out.dtype || !index.usable() || !indices.contiguous() || !out.contiguous() || (weight.stride[1] != 1 && weight.size[1] != 1)) return DECLINED;
  if (!index.within(count, weight.size[0])) return OUT_OF_RANGE;
  const int64_t bytes = weight.size[1] * element_size(weight.dtype), row = weight.stride[0] * element_size(weight.dtype);
  const bool streamed = streams_rows(out.data, count * bytes, bytes);
  parallel_for(count, row_grain(bytes / 2), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      prefetch_row(weight.data + index[std::min(i + ROWS_AHEAD, end - 1)] * row, bytes);
      copy_row(out.data + i * bytes, weight.data + index[i] * row, bytes, streamed);
    }
    end_streaming();
  });
  return DONE;
}

// slots: indices (int64, dense), out (int64, indices…, classes; dense): 1 at each row's index
KERNEL(one_hot) {
  const Strided indices = in.tensor(), out = in.tensor();
  if (indices.dtype != DType::i64 || out.dtype != DType::i64 || !indices.contiguous() || !out.contiguous()) return DECLINED;
  const int64_t count = indices.numel(), classes = count ? out.numel() / count : 0;
  if (!Indices(indices).within(count, classes)) return OUT_OF_RANGE;
  const int64_t bytes = out.numel() * sizeof(int64_t);
  parallel_for(count, row_grain(classes), [&](int64_t begin, int64_t end) {
    alignas(64) static constexpr int64_t ZEROS[512] = {};
    for (int64_t i = begin * classes; i < end * classes; i += 512)
      copy_row(out.as<int64_t>() + i, ZEROS, std::min<int64_t>(512, end * classes - i) * sizeof(int64_t), streams(bytes, sizeof ZEROS));
    end_streaming();
    for (int64_t i = begin; i < end; i++) out.as<int64_t>()[i * classes + indices.as<int64_t>()[i]] = 1;
  });
  return DONE;
}

// slots: grad (indices…, width; dense), indices (int32 or int64, dense), out (written: rows, width; dense), padding_idx (-1: none), scale_grad_by_freq
KERNEL(embedding_backward) {
  const Strided grad = in.tensor(), indices = in.tensor(), out = in.tensor();
  const int64_t padding = in.integer();
  const bool by_frequency = in.flag();
  if (out.ndim != 2 || grad.dtype != out.dtype || !grad.contiguous() || !indices.contiguous() || !out.contiguous()) return DECLINED;
  const Indices index(indices);
  const int64_t count = indices.numel(), rows = out.size[0], width = out.size[1];
  if (count && !index.usable()) return DECLINED;
  return for_floating(out.dtype, [&](auto zero) -> Status {
    using T = decltype(zero);
    if (!index.within(count, rows)) return OUT_OF_RANGE;
    Buffer<int64_t> frequency(by_frequency ? rows + 1 : 1);
    if (!frequency) return OUT_OF_MEMORY;
    if (by_frequency) {
      std::memset(frequency.get(), 0, rows * sizeof(int64_t));
      for (int64_t i = 0; i < count; i++) frequency[index[i]]++;
    }
    // Threads own ranges of columns where rows are wide, else ranges of the table: every element is summed in the order of the indices.
    std::memset(out.data, 0, rows * width * sizeof(T));
    auto add = [&](int64_t i, int64_t begin, int64_t end) {
      const T* g = grad.as<T>() + i * width + begin;
      T* to = out.as<T>() + index[i] * width + begin;
      const T scale = by_frequency ? T(1) / T(frequency[index[i]]) : T(1);
      for_row<T>(end - begin, [&](auto step, int64_t j) INLINE_LAMBDA { step.store(to + j, step.load(to + j) + step.load(g + j) * scale); });
    };
    if (width >= 256) {
      parallel_for(width, std::max<int64_t>(64, (1 << 16) / (count + 1)), [&](int64_t begin, int64_t end) {
        for (int64_t i = 0; i < count; i++)
          if (index[i] != padding) add(i, begin, end);
      });
    } else {
      parallel_for(rows, (1 << 16) * rows / (count * width + 1) + 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = 0; i < count; i++)
          if (index[i] >= begin && index[i] < end && index[i] != padding) add(i, 0, width);
      });
    }
    return DONE;
  });
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
