/** PyTorch's exception classes. The names are Python's, so that a message reads as it does there. */
export class RuntimeError extends Error {
  override name = 'RuntimeError';
}
export class NotImplementedError extends RuntimeError {
  override name = 'NotImplementedError';
}
/** What linear algebra throws for matrices that it cannot factor, invert or solve with: torch.linalg.LinAlgError. */
export class LinAlgError extends RuntimeError {
  override name = 'LinAlgError';
}
export class ValueError extends Error {
  override name = 'ValueError';
}
export class IndexError extends Error {
  override name = 'IndexError';
}
export class KeyError extends Error {
  override name = 'KeyError';
}
export class AttributeError extends Error {
  override name = 'AttributeError';
}
export class AssertionError extends Error {
  override name = 'AssertionError';
}
export class ZeroDivisionError extends Error {
  override name = 'ZeroDivisionError';
}
/** Python's pickle.UnpicklingError: a checkpoint that is no pickle, or that asks for more than data. */
export class UnpicklingError extends Error {
  override name = 'UnpicklingError';
}
/** A file that ends before its content does. */
export class EOFError extends Error {
  override name = 'EOFError';
}
/** Python's OSError: a file that cannot be read or written. */
export class OSError extends Error {
  override name = 'OSError';
}
/** Python's FileNotFoundError. */
export class FileNotFoundError extends OSError {
  override name = 'FileNotFoundError';
}
/** Python's TypeError: the platform's own class, which callers expect for wrong argument types. */
export const PyTypeError = TypeError;

/** Fails with PyTorch's generic check: `condition` or a RuntimeError. */
export function check(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new RuntimeError(message());
}
export function checkIndex(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new IndexError(message());
}
export function checkValue(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new ValueError(message());
}
