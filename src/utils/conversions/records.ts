// Rows of objects as tensors and back: what `torch.tensor(df.values)` and `pd.DataFrame(t.numpy(), columns=…)` do in Python.
import { KeyError, ValueError } from '../../core/errors.ts';
import type { DType } from '../../core/dtype.ts';
import { Complex } from '../../core/scalar.ts';
import type { Tensor } from '../../core/tensor.ts';
import { tensor, type TensorOptions } from '../../surface/construct.ts';

/** A cell that a tensor can hold; null, undefined and a missing key are NaN. */
export type CellValue = number | bigint | boolean | Complex | null | undefined;
export interface RecordsOptions extends TensorOptions {
  /** The columns to take, in this order; all, in the order in which they first appear, if left out. */
  columns?: readonly string[];
}
/**
 * Objects, one a row, as a tensor (rows, columns): an array of them, or anything that gives them, like a `Table`. The dtype follows
 * from the values as `torch.tensor`'s does: numbers make the default dtype, bigints int64, booleans bool, and a mixture the widest.
 *
 *     from_records([{ x: 1, y: 2 }, { x: 3, y: 4 }], { columns: ['y'] })   // tensor([[2.], [4.]])
 *
 * @throws KeyError if no row has a column; TypeError for text and other values that no tensor holds; ValueError for a missing value where
 * the dtype has no NaN.
 */
export function from_records(rows: Iterable<Readonly<Record<string, unknown>>>, { columns, ...options }: RecordsOptions = {}): Tensor {
  const list = [...rows];
  const names = columns ?? [...new Set(list.flatMap((row) => Object.keys(row)))];
  const absent = list.length > 0 ? names.filter((name) => list.every((row) => !Object.hasOwn(row, name))) : [];
  if (absent.length > 0) throw new KeyError(`"[${absent.map((name) => `'${name}'`).join(', ')}] not in index"`);
  const cells = list.map((row, i) => names.map((name) => cellOf(row[name], name, i, options.dtype ?? null)));
  return tensor(cells, options).reshape([list.length, names.length]);
}
function cellOf(value: unknown, column: string, row: number, dtype: DType | null): number | bigint | boolean | Complex {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' || value instanceof Complex) return value;
  if (value === null || value === undefined) {
    if (dtype && !dtype.is_floating_point && !dtype.is_complex)
      throw new ValueError(`cannot convert float NaN to integer (row ${row} has no value in column '${column}')`);
    return Number.NaN;
  }
  throw new TypeError(
    `can't convert np.ndarray of type numpy.object_. The only supported types are: float64, float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool. (column '${column}' of row ${row} is ${typeof value === 'string' ? `'${value}'` : typeof value})`,
  );
}
/**
 * The rows of a tensor (rows, columns) as objects; of one dimension each row has one column.
 * @throws ValueError if there are not as many names as columns.
 */
export function to_records(t: Tensor, columns: readonly string[]): Record<string, number | bigint | boolean>[] {
  const rows = t.ndim === 1 ? t.unsqueeze(1) : t;
  if (rows.ndim !== 2) throw new ValueError(`Must pass 2-d input. shape=(${t.shape.join(', ')})`);
  if (rows.size(1) !== columns.length)
    throw new ValueError(`Shape of passed values is (${rows.shape.join(', ')}), indices imply (${rows.size(0)}, ${columns.length})`);
  return (rows.detach().tolist() as (number | bigint | boolean)[][]).map((row) =>
    Object.fromEntries(columns.map((name, i) => [name, row[i]!])),
  );
}
