import * as torch from '/dist/browser.js';
import { rings, stripes } from './networks.js';

let evalIsBlocked = false;
try {
  new Function('return 1')();
} catch {
  evalIsBlocked = true;
}
const report = (result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) });
try {
  // A product large enough for threads: 2 MB a side.
  const a = torch.ones([700, 700]);
  const product = a.matmul(a).sum().item();
  await report({
    backend: torch.get_backend(),
    threads: torch.get_num_threads(),
    isolated: crossOriginIsolated,
    evalIsBlocked,
    product,
    rings: rings(torch),
    stripes: stripes(torch),
  });
} catch (error) {
  await report({ error: `${error.message}\n${error.stack}` });
}
