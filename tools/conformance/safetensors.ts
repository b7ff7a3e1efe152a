// Reader of the safetensors files of the conformance data: https://huggingface.co/docs/safetensors. Only well-formed files are expected.

export interface StoredTensor {
  /** PyTorch's name of the dtype. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Row-major, little endian. */
  readonly bytes: Uint8Array;
}

const DTYPES: Readonly<Record<string, string>> = {
  F32: 'float32',
  F64: 'float64',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  U16: 'uint16',
  U32: 'uint32',
  U64: 'uint64',
  BOOL: 'bool',
  C64: 'complex64',
  F8_E4M3: 'float8_e4m3fn',
  F8_E5M2: 'float8_e5m2',
};

/** The tensors of a file by name. */
export function readSafetensors(file: Uint8Array): Map<string, StoredTensor> {
  const header = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
  const entries: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> = JSON.parse(
    new TextDecoder().decode(file.subarray(8, 8 + header)),
  );
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(entries)) {
    if (name === '__metadata__') continue;
    const known = DTYPES[dtype];
    if (!known) throw new Error(`safetensors: unknown dtype ${dtype}`);
    tensors.set(name, { dtype: known, shape, bytes: file.subarray(8 + header + data_offsets[0], 8 + header + data_offsets[1]) });
  }
  return tensors;
}
