// The content of tensors in event files.
import { DataType, type TensorProto } from '../utils/tensorboard/generated/tensorboard_pb.ts';

export const shapeOf = (tensor: TensorProto): number[] => (tensor.tensorShape?.dim ?? []).map(({ size }) => Number(size));
export const textsOf = (tensor: TensorProto): string[] => tensor.stringVal.map((bytes) => new TextDecoder().decode(bytes));

/** Real numbers in row-major order, wherever the tensor keeps them. */
export function numbersOf(tensor: TensorProto): number[] {
  const { tensorContent: bytes, dtype } = tensor;
  if (bytes.length > 0) return rawNumbers(bytes, dtype);
  const lists = [tensor.floatVal, tensor.doubleVal, tensor.intVal, tensor.int64Val, tensor.uint32Val, tensor.uint64Val, tensor.boolVal];
  return (lists.find((list) => list.length > 0) ?? []).map(Number);
}
function rawNumbers(bytes: Uint8Array, dtype: DataType): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const each = (size: number, read: (at: number) => number): number[] =>
    Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => read(i * size));
  switch (dtype) {
    case DataType.DT_FLOAT:
      return each(4, (at) => view.getFloat32(at, true));
    case DataType.DT_DOUBLE:
      return each(8, (at) => view.getFloat64(at, true));
    case DataType.DT_INT32:
      return each(4, (at) => view.getInt32(at, true));
    case DataType.DT_INT64:
      return each(8, (at) => Number(view.getBigInt64(at, true)));
    default:
      return [];
  }
}
