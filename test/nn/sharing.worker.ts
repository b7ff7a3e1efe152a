// Doubles the arrays that it is sent.
import { parentPort } from 'node:worker_threads';
import * as torch from '../../src/index.ts';

parentPort!.on('message', (arrays: torch.NDArray[]) => {
  for (const array of arrays) torch.from_numpy(array).mul_(2);
  parentPort!.postMessage(torch.get_backend());
});
