// Tensors of any dtype as protocol buffers.
import { create, type Message } from '@bufbuild/protobuf';
import { ValueError } from '../../core/errors.ts';
import type { Tensor } from '../../core/tensor.ts';
import { view_as_real } from '../../surface/generated/torch.ts';
import { DataType, type Summary, type TensorProto, TensorProtoSchema } from './generated/tensorboard_pb.ts';
import { pluginSummary } from './plugin.ts';
import { make_np } from './values.ts';

type Fields = Partial<Omit<TensorProto, keyof Message>>;
const numbers = (x: Tensor): number[] => [...make_np(x).data];
const parts = (x: Tensor): number[] => numbers(view_as_real(x.resolve_conj()));
/** float32's bits, as the real writer has them for half precision. */
const bits = (x: Tensor): number[] => [...new Int32Array(Float32Array.from(numbers(x)).buffer)];

const FIELDS: Readonly<Record<string, (x: Tensor) => Fields>> = {
  float16: (x) => ({ dtype: DataType.DT_HALF, halfVal: bits(x) }),
  bfloat16: (x) => ({ dtype: DataType.DT_BFLOAT16, halfVal: bits(x) }),
  float32: (x) => ({ dtype: DataType.DT_FLOAT, floatVal: numbers(x) }),
  float64: (x) => ({ dtype: DataType.DT_DOUBLE, doubleVal: numbers(x) }),
  int8: (x) => ({ dtype: DataType.DT_INT8, intVal: numbers(x) }),
  uint8: (x) => ({ dtype: DataType.DT_UINT8, uint32Val: numbers(x) }),
  int16: (x) => ({ dtype: DataType.DT_INT16, intVal: numbers(x) }),
  int32: (x) => ({ dtype: DataType.DT_INT32, intVal: numbers(x) }),
  int64: (x) => ({
    dtype: DataType.DT_INT64,
    int64Val: [...(x.contiguous().flatten().clone().numpy({ force: true }).data as BigInt64Array)],
  }),
  bool: (x) => ({ dtype: DataType.DT_BOOL, boolVal: numbers(x).map(Boolean) }),
  complex64: (x) => ({ dtype: DataType.DT_COMPLEX64, scomplexVal: parts(x) }),
  complex128: (x) => ({ dtype: DataType.DT_COMPLEX128, dcomplexVal: parts(x) }),
};

const LIMIT = 2 ** 31;
/** @throws ValueError for 2 GB and more, and for dtypes that have no name there. */
export function tensor_proto(tag: string, x: Tensor): Summary {
  if (x.numel() * x.dtype.itemsize >= LIMIT) throw new ValueError("tensor is bigger than protocol buffer's hard limit of 2GB in size");
  const fields = FIELDS[x.dtype.name];
  if (!fields) throw new ValueError(`${tag} has unsupported tensor dtype ${String(x.dtype)}`);
  const tensorShape = { dim: x.shape.map((n) => ({ size: BigInt(n) })) };
  return pluginSummary(tag, 'tensor', new Uint8Array(0), {
    case: 'tensor',
    value: create(TensorProtoSchema, { ...fields(x.detach()), tensorShape }),
  });
}
