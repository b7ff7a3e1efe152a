// Open files of datasets. A dataset that goes to a worker thread is rebuilt there from its fields, so an open file is no field: it is kept
// here by dataset, and opened at the first use in each thread.
export interface Closable {
  close(): void;
}
const handles = new WeakMap<object, Closable>();
/** Closes the file of a dataset that was collected. */
const registry = new FinalizationRegistry<Closable>((handle) => handle.close());

/** What `owner` has open, opened now if need be. */
export function opened<T extends Closable>(owner: object, open: () => T): T {
  let handle = handles.get(owner) as T | undefined;
  if (!handle) {
    handle = open();
    handles.set(owner, handle);
    registry.register(owner, handle, owner);
  }
  return handle;
}
/** Closes what `owner` has open; it is opened again at the next use. */
export function closed(owner: object): void {
  handles.get(owner)?.close();
  handles.delete(owner);
  registry.unregister(owner);
}
