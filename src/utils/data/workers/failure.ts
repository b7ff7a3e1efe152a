// Errors of workers, told on the calling thread in PyTorch's words.
import * as errors from '../../../core/errors.ts';
import type { Task } from '../fetch.ts';
import type { Thrown } from './messages.ts';
import type { Death } from './pool.ts';

type ErrorClass = new (message: string, options?: ErrorOptions) => Error;
const CLASSES: Readonly<Record<string, unknown>> = {
  ...errors,
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
};

function place({ index, batch }: Task): string {
  if (index === null) return `batch ${batch}`;
  return `batch ${batch} (${Array.isArray(index) ? `indices [${index.join(', ')}]` : `index ${index}`})`;
}
/** The error that a worker caught, of its class where that exists here. */
export function caught(worker: number, task: Task, error: Thrown): Error {
  const found = CLASSES[error.name];
  const ErrorOf = (typeof found === 'function' && found.prototype instanceof Error ? found : errors.RuntimeError) as ErrorClass;
  const where = error.index === null ? place(task) : `index ${error.index} of ${place(task)}`;
  const message = `Caught ${error.name} in DataLoader worker process ${worker}.\nLoading ${where}.\nOriginal ${error.stack}`;
  return new ErrorOf(message, { cause: Object.assign(new Error(error.message), { name: error.name, stack: error.stack }) });
}
/** What the workers that are gone were doing. */
export function died(deaths: readonly Death[], doing: (worker: number) => Task | null): Error {
  const { pid } = process;
  const list = deaths.map(({ threadId }) => `${pid}, thread ${threadId}`).join('; ');
  const each = deaths.map(({ worker, error }) => {
    const task = doing(worker);
    const cause = error === null ? '' : `: ${error.name}: ${error.message}`;
    return `Worker ${worker} was ${task === null ? 'idle' : `loading ${place(task)}`}${cause}`;
  });
  return new errors.RuntimeError(`DataLoader worker (pid(s) ${list}) exited unexpectedly. ${each.join('. ')}`);
}
export function timedOut(seconds: number, worker: number, task: Task | null): Error {
  const doing = task === null ? 'starting' : `loading ${place(task)}`;
  return new errors.RuntimeError(`DataLoader timed out after ${seconds} seconds. Worker ${worker} was ${doing}`);
}
