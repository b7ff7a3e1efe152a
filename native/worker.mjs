// One thread of the WebAssembly pool: an instance of the module on the shared memory, with a stack of its own. It never returns.
function start({ module, memory, index, stack, stackBytes }) {
  const imports = { env: { memory, grown() {}, start_worker: () => false } };
  const { exports } = new WebAssembly.Instance(module, imports);
  // The stack grows down from where the thread-local variables begin.
  const top = stack + stackBytes - exports.__tls_size.value - exports.__tls_align.value;
  const variables = Math.ceil(top / 64) * 64;
  exports.__stack_pointer.value = Math.floor(top / 64) * 64;
  exports.__wasm_init_tls(variables);
  for (;;) {
    try {
      exports.serve(index);
    } catch {
      exports.__stack_pointer.value = Math.floor(top / 64) * 64;
      exports.abandon(index);
    }
  }
}

const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads');
if (threads) start(threads.workerData);
else globalThis.onmessage = ({ data }) => start(data);
