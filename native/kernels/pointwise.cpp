// The block interpreter: a pointwise program runs over tiles of about a thousand elements that stay in the L1 cache; every instruction is one loop over the tile.
//
// Slots: address of the code, number of instructions, number of registers, address of the constants (8 bytes each), ndim, shape; number of inputs and per input: dtype, address,
// strides in elements (dtype -1: a float64 scalar instead of the address, -2: the bits of an int64; no strides); number of outputs and per output: dtype, address, strides.
// An instruction is six int32: primitive, type, destination, a, b, c.
#include <alloca.h>
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <utility>
#include "convert.hpp"
#include "parallel.hpp"
#include "primitives_table.hpp"
#include "stream.hpp"
#include "transpose.hpp"

namespace flambeau {
inline namespace FLAMBEAU_LEVEL {

constexpr int MAX_INSTRUCTIONS = 256, MAX_REGISTERS = 64, MAX_OPERANDS = 32;
constexpr int64_t TILE_BYTES = 4096;         // of the widest register
constexpr int64_t TRANSPOSED_TILE_COLUMNS = 64;  // leaves 16 float32 rows: one cache line of each transposed column
constexpr int64_t GRAIN = 32768;             // elements that are worth a thread

struct Instruction {
  Primitive primitive;
  Register type;
  int32_t target, a, b, c;
};
static_assert(sizeof(Instruction) == 24);

// A tensor in memory: inputs, then outputs. Strides count elements.
struct Operand {
  char* data;
  int dtype;  // SCALAR_*, or a DType
  int64_t stride[MAX_DIMS];
};
constexpr int SCALAR_DOUBLE = -1, SCALAR_INTEGER = -2;

// What the interpreter does for an instruction, decided once a call. (No initialisers: a call fills only the steps that it has.)
struct Step {
  enum Kind : uint8_t { RUN, LOAD, CONSTANT, CAST, STORE } kind;
  bool streamed;      // STORE: of a large result (stream.hpp)
  bool deferred;      // STORE: memory is written at the end of the tile, because the program still reads what it overwrites
  int8_t direct;      // output operand whose memory this step writes instead of a register; -1: none
  uint8_t pinned;     // buffer for a value that survives tiles (constants, broadcasts), or of a deferred store
  uint8_t operand;    // LOAD, STORE
  uint8_t size;       // LOAD, STORE: bytes of a real element in memory
  uint8_t scale;      // LOAD, STORE: 2 for the components of complex memory, else 1
  uint8_t offset;     // LOAD, STORE: bytes to the component
  Loop loop;          // RUN
  Converter convert;  // CAST, LOAD, STORE; null where the representations agree
  int64_t bits;       // CONSTANT: the value in the register's type
};

struct Program {
  const Instruction* code;
  int instructions, registers, pinned, inputs, operands;
  Operand operand[MAX_OPERANDS];
  Step step[MAX_INSTRUCTIONS];
  // The iteration space: outer dimensions, then rows and columns of the tiles.
  int ndim;
  int64_t size[MAX_DIMS];
  int64_t tile_rows, tile_columns, row_tiles, column_tiles;
  int64_t buffer_bytes;  // of a register
  bool streamed;         // some result is written past the caches

  int64_t rows() const { return size[ndim - 2]; }
  int64_t columns() const { return size[ndim - 1]; }
};

static int64_t scalar_bits(Register type, bool integer, double real, int64_t whole) {
  int64_t bits = 0;
  switch (type) {
    case Register::boolean: bits = integer ? whole != 0 : real != 0; break;
    case Register::i64: bits = integer ? whole : convert<int64_t>(real); break;
    case Register::f32: {
      const float f = integer ? static_cast<float>(whole) : static_cast<float>(real);
      std::memcpy(&bits, &f, 4);
      break;
    }
    case Register::f64: {
      const double d = integer ? static_cast<double>(whole) : real;
      std::memcpy(&bits, &d, 8);
      break;
    }
  }
  return bits;
}

static void fill(char* to, int size, int64_t bits, int64_t n) {
  if (size == 4) {
    const uint32_t x = static_cast<uint32_t>(bits);
    for (int64_t i = 0; i < n; i++) std::memcpy(to + 4 * i, &x, 4);
  } else if (size == 8) {
    for (int64_t i = 0; i < n; i++) std::memcpy(to + 8 * i, &bits, 8);
  } else {
    std::memset(to, static_cast<int>(bits), n);
  }
}

// ---- Reading the descriptor

// Drops dimensions of size 1 while reading. Gives the number of elements; false in `fits` for more operands than there is room for.
static int64_t read_operands(Reader& in, Program& p, bool& fits) {
  const int ndim = static_cast<int>(in.integer());
  bool kept[MAX_DIMS];
  int64_t count = 1;
  p.ndim = 0;
  fits = ndim <= MAX_DIMS;
  if (!fits) return 0;
  for (int d = 0; d < ndim; d++) {
    const int64_t n = in.integer();
    count *= n;
    kept[d] = n != 1;
    if (kept[d]) p.size[p.ndim++] = n;
  }
  p.operands = 0;
  for (int group = 0; group < 2; group++) {
    const int64_t n = in.integer();
    fits = fits && p.operands + n <= MAX_OPERANDS;
    if (!fits) return 0;
    for (int64_t k = 0; k < n; k++) {
      Operand& o = p.operand[p.operands++];
      o.dtype = static_cast<int>(in.integer());
      if (o.dtype < 0) {
        o.data = nullptr;
        o.stride[0] = o.dtype == SCALAR_INTEGER ? in.bits64() : 0;
        if (o.dtype == SCALAR_DOUBLE) {
          const double x = in.real();
          std::memcpy(&o.stride[0], &x, 8);
        }
        continue;
      }
      o.data = in.pointer<char>();
      for (int d = 0, to = 0; d < ndim; d++) {
        const int64_t s = in.integer();
        if (kept[d]) o.stride[to++] = s;
      }
    }
    if (group == 0) p.inputs = p.operands;
  }
  return count;
}

// ---- The iteration space

template <class F> static inline void each_memory(Program& p, F f) {
  for (int k = 0; k < p.operands; k++)
    if (p.operand[k].dtype >= 0) f(p.operand[k]);
}

static void swap_dims(Program& p, int x, int y) {
  std::swap(p.size[x], p.size[y]);
  each_memory(p, [&](Operand& o) { std::swap(o.stride[x], o.stride[y]); });
}

// Orders the dimensions by the first output's strides, merges neighbours that every operand steps through as one, and gives at least two.
static void arrange_space(Program& p) {
  const Operand& out = p.operand[p.inputs];
  for (int i = 1; i < p.ndim; i++)
    for (int j = i; j > 0 && out.stride[j - 1] < out.stride[j]; j--) swap_dims(p, j - 1, j);
  int last = 0;
  for (int d = 1; d < p.ndim; d++) {
    bool merges = true;
    each_memory(p, [&](const Operand& o) { merges = merges && o.stride[last] == o.stride[d] * p.size[d]; });
    if (merges) {
      p.size[last] *= p.size[d];
    } else {
      p.size[++last] = p.size[d];
    }
    each_memory(p, [&](Operand& o) { o.stride[last] = o.stride[d]; });
  }
  if (p.ndim > 0) p.ndim = last + 1;
  if (p.ndim == 0) {
    p.ndim = 1;
    p.size[0] = 1;
    each_memory(p, [](Operand& o) { o.stride[0] = 1; });
  }
  if (p.ndim == 1) {
    p.ndim = 2;
    p.size[1] = p.size[0];
    p.size[0] = 1;
    each_memory(p, [](Operand& o) {
      o.stride[1] = o.stride[0];
      o.stride[0] = 0;
    });
  }
}

// How many pieces of `size` cover n. Divisions are what a small tensor would notice.
static inline int64_t parts(int64_t n, int64_t size) { return n <= size ? 1 : (n + size - 1) / size; }

// A tile is a run of one long row, several short rows, or (when an input is transposed) a patch whose rows are that input's contiguous dimension.
static void choose_tiles(Program& p) {
  int widest = 1;
  for (int k = 0; k < p.instructions; k++) {
    const int size = REGISTER_SIZE[static_cast<int>(p.code[k].type)];
    if (size > widest) widest = size;
    if (p.code[k].primitive == Primitive::cast && REGISTER_SIZE[p.code[k].b] > widest) widest = REGISTER_SIZE[p.code[k].b];
  }
  const int64_t elements = TILE_BYTES / widest;
  const int column = p.ndim - 1;
  int contiguous = -1;
  for (int k = 0; k < p.operands; k++) {
    const Operand& o = p.operand[k];
    if (o.dtype < 0 || (o.stride[column] >= 0 && o.stride[column] <= 2)) continue;
    for (int d = 0; d < column; d++)
      if (o.stride[d] == 1 && contiguous < 0) contiguous = d;
  }
  if (contiguous >= 0) {
    swap_dims(p, contiguous, column - 1);
    p.tile_columns = std::min(p.columns(), TRANSPOSED_TILE_COLUMNS);
    p.tile_rows = std::min(p.rows(), elements / p.tile_columns);
  } else {
    p.tile_columns = std::min(p.columns(), elements);
    p.tile_rows = p.rows() == 1 ? 1 : std::min(p.rows(), std::max<int64_t>(1, elements / p.tile_columns));
  }
  p.row_tiles = parts(p.rows(), p.tile_rows);
  p.column_tiles = parts(p.columns(), p.tile_columns);
  each_memory(p, [&](const Operand& o) { widest = std::max(widest, std::min(8, element_size(static_cast<DType>(o.dtype)))); });
  // One line more than the tile, so that the registers do not all start in the same cache set.
  p.buffer_bytes = (p.tile_rows * p.tile_columns * widest + 127) / 64 * 64;
}

// ---- The plan

static bool plan_memory(const Program& p, Step& s, int operand, int component, DType held, bool storing) {
  const DType type = static_cast<DType>(p.operand[operand].dtype), real = real_part_type(type);
  s.operand = static_cast<uint8_t>(operand);
  s.size = static_cast<uint8_t>(element_size(real));
  s.scale = is_complex(type) ? 2 : 1;
  s.offset = is_complex(type) && component ? s.size : uint8_t(0);
  if (real == held) return true;
  s.convert = storing ? converter(held, real) : converter(real, held);
  return s.convert != nullptr;
}

// One step per instruction; false when something is not handled here.
static bool plan_steps(Program& p, const int64_t* constants) {
  const int outputs = p.operands - p.inputs;
  for (int k = 0; k < p.instructions; k++) {
    const Instruction& q = p.code[k];
    Step& s = p.step[k];
    s = Step{};
    s.direct = -1;
    const int type = static_cast<int>(q.type);
    if (type < 0 || type > 3 || q.target < 0) return false;
    const DType held = REGISTER_DTYPE[type];
    const bool store = q.primitive == Primitive::store;
    if (q.target >= (store ? outputs : p.registers)) return false;
    switch (q.primitive) {
      case Primitive::load: {
        if (q.a < 0 || q.a >= p.inputs) return false;
        const Operand& o = p.operand[q.a];
        s.kind = Step::LOAD;
        if (o.dtype < 0 || (q.b && !is_complex(static_cast<DType>(o.dtype)))) {
          double real;
          std::memcpy(&real, &o.stride[0], 8);
          s.kind = Step::CONSTANT;
          s.bits = q.b ? 0 : scalar_bits(q.type, o.dtype == SCALAR_INTEGER, real, o.stride[0]);
        } else {
          if (!plan_memory(p, s, q.a, q.b, held, false)) return false;
          if (o.stride[p.ndim - 1] != 0) break;
        }
        s.pinned = static_cast<uint8_t>(p.pinned++);
        break;
      }
      case Primitive::constant: {
        s.kind = Step::CONSTANT;
        double real;
        std::memcpy(&real, &constants[q.a], 8);
        s.bits = scalar_bits(q.type, q.type == Register::i64, real, constants[q.a]);
        s.pinned = static_cast<uint8_t>(p.pinned++);
        break;
      }
      case Primitive::store:
        s.kind = Step::STORE;
        if (q.a < 0 || q.a >= p.registers || !plan_memory(p, s, p.inputs + q.target, q.b, held, true)) return false;
        break;
      case Primitive::cast:
        s.kind = Step::CAST;
        if (q.a < 0 || q.a >= p.registers || q.b < 0 || q.b > 3) return false;
        s.convert = converter(held, REGISTER_DTYPE[q.b]);
        break;
      default: {
        s.kind = Step::RUN;
        s.loop = primitive_loop(q.primitive, q.type);
        if (!s.loop) return false;
        const int arity = PRIMITIVE_ARITY[static_cast<int>(q.primitive)];
        const int32_t used[] = {q.a, q.b, q.c};
        for (int i = 0; i < arity; i++)
          if (used[i] < 0 || used[i] >= p.registers) return false;
      }
    }
    if (p.pinned > MAX_REGISTERS) return false;
  }
  return true;
}

static bool reads(const Program& p, int k, int reg) {
  const Instruction& q = p.code[k];
  switch (p.step[k].kind) {
    case Step::LOAD:
    case Step::CONSTANT: return false;
    case Step::STORE:
    case Step::CAST: return q.a == reg;
    case Step::RUN: break;
  }
  const int arity = PRIMITIVE_ARITY[static_cast<int>(q.primitive)];
  return q.a == reg || (arity > 1 && q.b == reg) || (arity > 2 && q.c == reg);
}

// The last step that needs an input which starts where `output` starts; -1 if there is none. A load may alias memory, so its register counts until it is overwritten.
static int last_use_of_overlap(const Program& p, const Operand& output) {
  int last = -1;
  for (int k = 0; k < p.instructions; k++) {
    if (p.step[k].kind != Step::LOAD || p.operand[p.step[k].operand].data != output.data) continue;
    if (k > last) last = k;
    const int reg = p.code[k].target;
    for (int j = k + 1; j < p.instructions; j++) {
      if (reads(p, j, reg) && j > last) last = j;
      if (p.step[j].kind != Step::STORE && p.code[j].target == reg) break;
    }
  }
  return last;
}

// Lets the last writer of a stored register write the output's memory itself where that is possible, and defers stores into memory that is still read.
static void plan_stores(Program& p, int64_t count) {
  p.streamed = false;
  for (int k = 0; k < p.instructions; k++) {
    Step& s = p.step[k];
    if (s.kind != Step::STORE) continue;
    const Operand& out = p.operand[s.operand];
    const int needed = last_use_of_overlap(p, out);
    if (k < needed) {
      s.deferred = true;
      s.pinned = static_cast<uint8_t>(p.pinned++);
      continue;
    }
    const bool whole = p.tile_rows == 1 || (p.tile_columns == p.columns() && out.stride[p.ndim - 2] == p.columns());
    s.streamed = needed < 0 && s.scale == 1 && out.stride[p.ndim - 1] == 1 && streams(count * s.size, p.tile_columns * s.size * (whole ? p.tile_rows : 1));
    p.streamed |= s.streamed;
    if (s.streamed) continue;
    if (s.convert || s.scale != 1 || out.stride[p.ndim - 1] != 1 || !whole) continue;
    int writer = k - 1;
    while (writer >= 0 && (p.step[writer].kind == Step::STORE || p.code[writer].target != p.code[k].a)) writer--;
    if (writer >= needed && writer >= 0 && p.step[writer].direct < 0) p.step[writer].direct = static_cast<int8_t>(s.operand);
  }
}

// ---- Running

// One thread's registers and its place in memory.
class Machine {
  const Program& p;
  char* own[MAX_REGISTERS];        // each register's buffer
  const char* value[MAX_REGISTERS];  // where the register's value is now: its buffer, a pinned one, or memory
  char* pinned[MAX_REGISTERS];
  const char* filled_from[MAX_REGISTERS];
  int64_t filled[MAX_REGISTERS];
  char* raw;  // elements between memory and conversion
  char* at[MAX_OPERANDS];

  int64_t row_stride(const Step& s) const { return p.operand[s.operand].stride[p.ndim - 2] * s.scale; }
  int64_t column_stride(const Step& s) const { return p.operand[s.operand].stride[p.ndim - 1] * s.scale; }

  void load(const Step& s, const Instruction& q, int64_t rows, int64_t columns, char* target) {
    const char* from = at[s.operand] + s.offset;
    const int64_t row = row_stride(s), column = column_stride(s), n = rows * columns;
    const int size = REGISTER_SIZE[static_cast<int>(q.type)];
    if (column == 0 && (row == 0 || rows == 1)) {
      char* to = pinned[s.pinned];
      if (filled_from[s.pinned] != from || filled[s.pinned] < n) {
        int64_t bits = 0;
        if (s.convert)
          s.convert(from, reinterpret_cast<char*>(&bits), 1);
        else
          std::memcpy(&bits, from, size);
        fill(to, size, bits, n);
        filled_from[s.pinned] = from;
        filled[s.pinned] = n;
      }
      value[q.target] = to;
      return;
    }
    value[q.target] = target;
    if (column == 1 && (row == columns || rows == 1)) {
      if (!s.convert)
        value[q.target] = from;
      else
        s.convert(from, target, n);
      return;
    }
    char* to = s.convert ? raw : target;
    move_raw_tile(s.size, from, row, column, to, columns, 1, rows, columns);
    if (s.convert) s.convert(to, target, n);
  }

  void write(const Step& s, const char* from, int64_t rows, int64_t columns) {
    char* to = at[s.operand] + s.offset;
    const int64_t row = row_stride(s), column = column_stride(s), n = rows * columns;
    if (column == 1 && (row == columns || rows == 1)) {
      if (s.streamed)
        stream_copy(to, from, n * s.size);
      else if (from != to)
        std::memcpy(to, from, n * s.size);
    } else if (s.streamed) {
      for (int64_t r = 0; r < rows; r++) stream_copy(to + r * row * s.size, from + r * columns * s.size, columns * s.size);
    } else {
      move_raw_tile(s.size, from, columns, 1, to, row, column, rows, columns);
    }
  }

  void store(const Step& s, const Instruction& q, int64_t rows, int64_t columns) {
    const char* from = value[q.a];
    const int64_t n = rows * columns;
    if (s.convert) {
      const bool straight = !s.deferred && !s.streamed && column_stride(s) == 1 && (row_stride(s) == columns || rows == 1);
      char* to = s.deferred ? pinned[s.pinned] : straight ? at[s.operand] + s.offset : raw;
      s.convert(from, to, n);
      if (straight) return;
      from = to;
    } else if (s.deferred) {
      std::memcpy(pinned[s.pinned], from, n * s.size);
    }
    if (!s.deferred) write(s, from, rows, columns);
  }

  // A fresh result is cold, and stores wait for its lines: they are asked for while the tile before them is computed.
  void prefetch_next_column() {
    if (p.tile_rows != 1) return;
    for (int k = p.inputs; k < p.operands; k++) {
      const Operand& o = p.operand[k];
      if (o.stride[p.ndim - 1] != 1 || p.streamed) continue;
      const int64_t bytes = p.tile_columns * element_size(static_cast<DType>(o.dtype));
      for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(at[k] + bytes + i, 1);
    }
  }

  void run_tile(int64_t rows, int64_t columns) {
    const int64_t n = rows * columns;
    bool deferred = false;
    for (int k = 0; k < p.instructions; k++) {
      const Step& s = p.step[k];
      const Instruction& q = p.code[k];
      if (s.kind == Step::STORE) {
        deferred |= s.deferred;
        store(s, q, rows, columns);
        continue;
      }
      char* target = s.direct >= 0 ? at[s.direct] : own[q.target];
      switch (s.kind) {
        case Step::RUN:
          s.loop(target, value[q.a], value[q.b], value[q.c], n, &status);
          value[q.target] = target;
          break;
        case Step::LOAD: load(s, q, rows, columns, target); break;
        case Step::CONSTANT: value[q.target] = pinned[s.pinned]; break;
        default:
          s.convert(value[q.a], target, n);
          value[q.target] = target;
      }
    }
    if (!deferred) return;
    for (int k = 0; k < p.instructions; k++)
      if (p.step[k].deferred) write(p.step[k], pinned[p.step[k].pinned], rows, columns);
  }

 public:
  Status status = DONE;

  static int64_t scratch_bytes(const Program& p) { return p.buffer_bytes * (p.registers + p.pinned + 1) + 64; }

  Machine(const Program& program, char* scratch) : p(program) {
    scratch = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(scratch) + 63) & ~uintptr_t(63));
    auto next = [&] {
      char* buffer = scratch;
      scratch += p.buffer_bytes;
      return buffer;
    };
    raw = next();
    // Operands that an instruction does not have name register 0.
    for (int r = 0; r < p.registers; r++) value[r] = own[r] = next();
    for (int i = 0; i < p.pinned; i++) {
      pinned[i] = next();
      filled[i] = 0;
    }
    const int64_t tile = p.tile_rows * p.tile_columns;
    for (int k = 0; k < p.instructions; k++)
      if (p.step[k].kind == Step::CONSTANT) fill(pinned[p.step[k].pinned], REGISTER_SIZE[static_cast<int>(p.code[k].type)], p.step[k].bits, tile);
  }

  // The tiles [begin, end) in row-major order.
  void run(int64_t begin, int64_t end) {
    const int outer = p.ndim - 2;
    int64_t index[MAX_DIMS], column = 0, row = 0;
    for (int d = 0; d < outer; d++) index[d] = 0;
    if (begin > 0) {
      int64_t rest = begin;
      auto next = [&rest](int64_t size) {
        const int64_t digit = rest % size;
        rest /= size;
        return digit;
      };
      column = next(p.column_tiles);
      row = next(p.row_tiles);
      for (int d = outer - 1; d >= 0; d--) index[d] = next(p.size[d]);
    }
    char* base[MAX_OPERANDS];
    int width[MAX_OPERANDS];
    for (int k = 0; k < p.operands; k++) width[k] = p.operand[k].dtype >= 0 ? element_size(static_cast<DType>(p.operand[k].dtype)) : 0;
    auto place_outer = [&] {
      for (int k = 0; k < p.operands; k++) {
        if (!width[k]) continue;
        int64_t offset = 0;
        for (int d = 0; d < outer; d++) offset += index[d] * p.operand[k].stride[d];
        base[k] = p.operand[k].data + offset * width[k];
      }
    };
    place_outer();
    for (int64_t tile = begin; tile < end; tile++) {
      const int64_t r = row * p.tile_rows, c = column * p.tile_columns;
      for (int k = 0; k < p.operands; k++)
        if (width[k]) at[k] = base[k] + (r * p.operand[k].stride[outer] + c * p.operand[k].stride[outer + 1]) * width[k];
      if (column + 1 < p.column_tiles) prefetch_next_column();
      run_tile(std::min(p.tile_rows, p.rows() - r), std::min(p.tile_columns, p.columns() - c));
      if (status != DONE) return;
      if (++column < p.column_tiles) continue;
      column = 0;
      if (++row < p.row_tiles) continue;
      row = 0;
      for (int d = outer - 1; d >= 0; d--) {
        if (++index[d] < p.size[d]) break;
        index[d] = 0;
      }
      place_outer();
    }
  }
};

// Not inlined into the caller: alloca's memory lives until this returns.
static __attribute__((noinline)) Status run_tiles(const Program& p, int64_t begin, int64_t end) {
  Machine machine(p, static_cast<char*>(alloca(Machine::scratch_bytes(p))));
  machine.run(begin, end);
  if (p.streamed) end_streaming();
  return machine.status;
}

// All tiles, by as many threads as `count` elements are worth.
static Status run_all(const Program& p, int64_t count, int64_t tiles) {
  if (count <= GRAIN) return run_tiles(p, 0, tiles);
  std::atomic<int> status{DONE};
  parallel_for(tiles, std::max<int64_t>(1, GRAIN / (p.tile_rows * p.tile_columns)), [&](int64_t begin, int64_t end) {
    const Status s = run_tiles(p, begin, end);
    if (s != DONE) status.store(s, std::memory_order_relaxed);
  });
  return static_cast<Status>(status.load());
}

KERNEL(pointwise) {
  Program p;
  p.pinned = 0;
  p.code = in.pointer<const Instruction>();
  p.instructions = static_cast<int>(in.integer());
  p.registers = static_cast<int>(in.integer());
  const int64_t* constants = in.pointer<const int64_t>();
  bool fits = true;
  const int64_t count = read_operands(in, p, fits);
  if (!fits || p.instructions > MAX_INSTRUCTIONS || p.registers > MAX_REGISTERS) return DECLINED;
  if (p.operands == p.inputs) return DONE;
  if (count == 0) return DONE;
  arrange_space(p);
  choose_tiles(p);
  if (!plan_steps(p, constants)) return DECLINED;
  plan_stores(p, count);
  if (p.pinned > MAX_REGISTERS) return DECLINED;

  int64_t tiles = p.row_tiles * p.column_tiles;
  for (int d = 0; d < p.ndim - 2; d++) tiles *= p.size[d];
  return run_all(p, count, tiles);
}

// Small tensors spend their time on the plan, so plans of the layout that most calls have are kept: contiguous operands of one dtype and shape.
struct FlatPlan {
  static constexpr int INSTRUCTIONS = 64;
  Instruction code[INSTRUCTIONS];
  int64_t constants[INSTRUCTIONS];
  int constant_count, dtype;
  bool large;                 // its results may be streamed
  uint32_t scalars, aliases;  // a bit for each input: it is a number; it starts where the output starts
  Program p;

  bool serves(const Instruction* other, const int64_t* values, int instructions, int type, bool streamed, uint32_t numbers, uint32_t same) const {
    return dtype == type && large == streamed && scalars == numbers && aliases == same && p.instructions == instructions &&
           std::memcmp(code, other, sizeof(Instruction) * instructions) == 0 && (constant_count == 0 || std::memcmp(constants, values, 8 * constant_count) == 0);
  }
};

// Slots: address of the code, number of instructions, number of registers, address of the constants; dtype; number of elements; address of the output; number of inputs and for
// each: 1 and a number, or 0 and an address.
KERNEL(pointwise_flat) {
  constexpr int PLANS = 64;
  static thread_local struct Kept {
    FlatPlan* at[PLANS] = {};
    ~Kept() {
      for (FlatPlan* plan : at) std::free(plan);
    }
  } plans;
  const Instruction* code = in.pointer<const Instruction>();
  const int instructions = static_cast<int>(in.integer()), registers = static_cast<int>(in.integer());
  const int64_t* constants = in.pointer<const int64_t>();
  const int dtype = static_cast<int>(in.integer());
  const int64_t count = in.integer();
  char* output = in.pointer<char>();
  const int inputs = static_cast<int>(in.integer());
  if (inputs >= MAX_OPERANDS || instructions > FlatPlan::INSTRUCTIONS || registers > MAX_REGISTERS) return DECLINED;

  uint32_t scalars = 0, aliases = 0;
  char* address[MAX_OPERANDS];
  double number[MAX_OPERANDS];
  for (int k = 0; k < inputs; k++) {
    if (in.flag()) {
      scalars |= 1u << k;
      number[k] = in.real();
    } else {
      address[k] = in.pointer<char>();
      if (address[k] == output) aliases |= 1u << k;
    }
  }

  const int64_t bytes = count * element_size(static_cast<DType>(dtype));
  const bool large = streams(bytes, bytes);
  FlatPlan*& plan = plans.at[((reinterpret_cast<uintptr_t>(code) >> 5) ^ static_cast<uintptr_t>(dtype) ^ scalars) % PLANS];
  const bool known = plan && plan->serves(code, constants, instructions, dtype, large, scalars, aliases);
  if (!known) {
    if (!plan) plan = static_cast<FlatPlan*>(std::malloc(sizeof(FlatPlan)));
    if (!plan) return OUT_OF_MEMORY;
    plan->dtype = -1;  // serves nothing until it is complete
    std::memcpy(plan->code, code, sizeof(Instruction) * instructions);
    plan->constant_count = 0;
    for (int k = 0; k < instructions; k++) plan->constant_count += code[k].primitive == Primitive::constant;
    if (plan->constant_count) std::memcpy(plan->constants, constants, 8 * plan->constant_count);
    plan->large = large;
    plan->scalars = scalars;
    plan->aliases = aliases;
  }
  Program& p = plan->p;
  for (int k = 0; k < inputs; k++) {
    if (scalars >> k & 1)
      std::memcpy(&p.operand[k].stride[0], &number[k], 8);
    else
      p.operand[k].data = address[k];
  }
  p.operand[inputs].data = output;
  p.ndim = 2;
  p.size[0] = 1;
  p.size[1] = count;
  if (!known) {
    p.code = plan->code;
    p.instructions = instructions;
    p.registers = registers;
    p.pinned = 0;
    p.inputs = inputs;
    p.operands = inputs + 1;
    for (int k = 0; k <= inputs; k++) {
      const bool scalar = k < inputs && (scalars >> k & 1);
      p.operand[k].dtype = scalar ? SCALAR_DOUBLE : dtype;
      if (scalar) continue;
      p.operand[k].stride[0] = 0;
      p.operand[k].stride[1] = 1;
    }
  }
  choose_tiles(p);
  if (!known) {
    if (!plan_steps(p, plan->constants)) return DECLINED;
    plan_stores(p, count);
    if (p.pinned > MAX_REGISTERS) return DECLINED;
    plan->dtype = dtype;
  } else if (scalars) {
    for (int k = 0; k < instructions; k++) {
      const Instruction& q = p.code[k];
      if (q.primitive == Primitive::load && (scalars >> q.a & 1)) p.step[k].bits = q.b ? 0 : scalar_bits(q.type, false, number[q.a], 0);
    }
  }
  return run_all(p, count, p.column_tiles);
}

// One program over many lists of tensors, each list of one dense layout: the step of an optimizer over all parameters of a group.
// Slots: address of the code, number of instructions, number of registers, address of the constants; dtype, number k of tensors in a list; number of scalars, the scalars (float64);
// number of outputs and for each which tensor it overwrites; number of lists and for each: elements, k addresses. The program's inputs are the k tensors, then the scalars.
KERNEL(pointwise_each) {
  Program p;
  p.pinned = 0;
  p.code = in.pointer<const Instruction>();
  p.instructions = static_cast<int>(in.integer());
  p.registers = static_cast<int>(in.integer());
  const int64_t* constants = in.pointer<const int64_t>();
  const int dtype = static_cast<int>(in.integer()), tensors = static_cast<int>(in.integer()), scalars = static_cast<int>(in.integer());
  p.inputs = tensors + scalars;
  if (p.inputs > MAX_OPERANDS || p.instructions > MAX_INSTRUCTIONS || p.registers > MAX_REGISTERS) return DECLINED;
  for (int k = 0; k < scalars; k++) {
    Operand& o = p.operand[tensors + k];
    o = Operand{nullptr, SCALAR_DOUBLE, {}};
    const double x = in.real();
    std::memcpy(&o.stride[0], &x, 8);
  }
  const int outputs = static_cast<int>(in.integer());
  p.operands = p.inputs + outputs;
  if (p.operands > MAX_OPERANDS) return DECLINED;
  int overwritten[MAX_OPERANDS];
  for (int k = 0; k < outputs; k++) overwritten[k] = static_cast<int>(in.integer());
  const int64_t lists = in.integer();

  p.ndim = 2;
  p.size[0] = 1;
  p.size[1] = 0;
  auto next = [&] {
    p.size[1] = in.integer();
    for (int k = 0; k < tensors; k++) p.operand[k].data = in.pointer<char>();
    for (int k = 0; k < outputs; k++) p.operand[p.inputs + k].data = p.operand[overwritten[k]].data;
  };
  auto describe = [&](Operand& o) {
    o.dtype = dtype;
    o.stride[0] = 0;
    o.stride[1] = 1;
  };
  for (int k = 0; k < tensors; k++) describe(p.operand[k]);
  for (int k = p.inputs; k < p.operands; k++) describe(p.operand[k]);

  // The plan depends on which operands share memory, which is the same for every list.
  for (int64_t list = 0; list < lists; list++) {
    next();
    choose_tiles(p);
    if (list == 0) {
      if (!plan_steps(p, constants)) return DECLINED;
      plan_stores(p, p.size[1]);
      if (p.pinned > MAX_REGISTERS) return DECLINED;
    }
    const Status status = run_all(p, p.size[1], p.column_tiles);
    if (status != DONE) return status;
  }
  return DONE;
}

// Which loops exist. Slots: address of a byte array, its length; byte 4 p + t becomes 1 where primitive p exists for register type t.
KERNEL(pointwise_supports) {
  uint8_t* table = in.pointer<uint8_t>();
  const int64_t length = in.integer();
  for (int64_t i = 0; i < length; i++) table[i] = i < 16 || primitive_loop(static_cast<Primitive>(i / 4), static_cast<Register>(i % 4)) != nullptr;
  return DONE;
}

}  // namespace FLAMBEAU_LEVEL
}  // namespace flambeau
