// Conversions of dtype and device.
import { cpu, type Device, device as deviceNamed, placement } from '../core/device.ts';
import {
  bfloat16,
  bool,
  complex128,
  complex32,
  complex64,
  type DType,
  float16,
  float32,
  float64,
  int16,
  int32,
  int64,
  int8,
  uint8,
} from '../core/dtype.ts';
import { NotImplementedError } from '../core/errors.ts';
import type { MemoryFormat } from '../core/formats.ts';
import { sameShape } from '../core/size.ts';
import type { Tensor } from '../core/tensor.ts';
import { F } from '../dispatch/handles.gen.ts';
import { op } from '../dispatch/operator.ts';
import { stridesLike } from './create.ts';

op('_to_copy(Tensor self, *, ScalarType dtype) -> Tensor', {
  doc: 'self converted to a dtype.',
  pointwise: (self, dtype) => (dtype === bool ? self.bool() : self),
  own: ['self'],
  numbers: [],
  promote: ({ dtype }) => dtype,
  surface: [],
  inplace: false,
});

interface Conversion {
  readonly device?: Device | null;
  readonly dtype: DType | null;
  readonly copy: boolean;
  readonly memory_format: string | null;
}
/** self itself if nothing changes, unless a copy is asked for. */
function convert(self: Tensor, { device, dtype, copy, memory_format }: Conversion): Tensor {
  const target = device ?? self.device;
  const format = memory_format as unknown as MemoryFormat | null;
  if (target !== self.device) return moved(self, target, dtype ?? self.dtype);
  const sameOrder = format === null || sameShape(stridesLike(self.layout, format), self.layout.stride);
  if (!copy && (dtype ?? self.dtype) === self.dtype && sameOrder) return self;
  const r = F._to_copy(self, dtype ?? self.dtype);
  return sameOrder ? r : r.clone({ memory_format: format });
}
function moved(self: Tensor, target: Device, dtype: DType): Tensor {
  if (target === cpu) throw new NotImplementedError('Cannot copy out of meta tensor; no data!');
  return F.empty([...self.layout.shape], dtype, null, target);
}

op(
  'to.dtype(Tensor(a) self, ScalarType dtype, bool non_blocking=False, bool copy=False, *, MemoryFormat? memory_format=None) -> Tensor(a)',
  {
    doc: 'self with another dtype or on another device; self itself if it is already as asked.',
    decompose: (a) => convert(a.self, a),
    surface: ['method'],
    inplace: false,
  },
);
op(
  'to.device(Tensor(a) self, Device? device=None, ScalarType? dtype=None, bool non_blocking=False, bool copy=False, *, MemoryFormat? memory_format=None) -> Tensor(a)',
  {
    decompose: (a) => convert(a.self, a),
    surface: ['method'],
    inplace: false,
  },
);
op('to.other(Tensor(a) self, Tensor other, bool non_blocking=False, bool copy=False, *, MemoryFormat? memory_format=None) -> Tensor(a)', {
  decompose: ({ self, other, copy, memory_format }) => convert(self, { device: other.device, dtype: other.dtype, copy, memory_format }),
  surface: ['method'],
  inplace: false,
});
op('type_as(Tensor(a) self, Tensor other) -> Tensor(a)', {
  doc: 'self with the dtype and device of other.',
  decompose: ({ self, other }) => convert(self, { device: other.device, dtype: other.dtype, copy: false, memory_format: null }),
  surface: ['method'],
  inplace: false,
});

const named = (name: string, dtype: DType): void => {
  op(
    `${name}(Tensor(a) self, *, MemoryFormat? memory_format=None) -> Tensor(a)` as 'float(Tensor(a) self, *, MemoryFormat? memory_format=None) -> Tensor(a)',
    {
      doc: `self as ${dtype}.`,
      decompose: ({ self, memory_format }) => convert(self, { dtype, copy: false, memory_format }),
      surface: ['method'],
      inplace: false,
    },
  );
};
named('bool', bool);
named('byte', uint8);
named('char', int8);
named('short', int16);
named('int', int32);
named('long', int64);
named('half', float16);
named('bfloat16', bfloat16);
named('float', float32);
named('double', float64);
named('chalf', complex32);
named('cfloat', complex64);
named('cdouble', complex128);

op('cpu(Tensor(a) self, *, MemoryFormat? memory_format=None) -> Tensor(a)', {
  doc: 'self on the CPU.',
  decompose: ({ self, memory_format }) => convert(self, { device: cpu, dtype: null, copy: false, memory_format }),
  surface: ['method'],
  inplace: false,
});
op('cuda(Tensor(a) self, Device? device=None, bool non_blocking=False, *, MemoryFormat? memory_format=None) -> Tensor(a)', {
  doc: 'Fails: there is no CUDA device.',
  decompose: ({ self }) => convert(self, { device: placement(deviceNamed('cuda')), dtype: null, copy: false, memory_format: null }),
  surface: ['method'],
  inplace: false,
});
