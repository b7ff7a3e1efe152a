// The entry of pages: the `torch` namespace, once the WebAssembly module has been fetched.
import { fetchBackend } from './backend/select.ts';
import { registry } from './dispatch/operator.ts';

export * from './index.ts';

await fetchBackend(registry);
