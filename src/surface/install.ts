/// <reference lib="esnext.disposable" preserve="true" />
// The only file with side effects beyond declarations: puts the bodies of the generated methods on the prototype.
import '../ops/index.ts';
import { selectBackend } from '../backend/select.ts';
import { environment } from '../core/host.ts';
import { Tensor } from '../core/tensor.ts';
import { registry } from '../dispatch/operator.ts';
import { tensorMethod } from './bind.ts';
import { METHOD_NAMES } from './generated/method-names.ts';
// Each of these declares members of Tensor or Generator; a bare import is one that declaration files keep.
import './arrays.ts';
import './generated/methods.ts';
import './layout-members.ts';
import './members.ts';
import './queries.ts';
import './random.ts';
import './sparse.ts';

selectBackend(environment('FLAMBEAU_BACKEND'), registry);

for (const name of METHOD_NAMES) {
  if (Object.hasOwn(Tensor.prototype, name)) continue; // members.ts wins: it states the Python-only part of a name
  Object.defineProperty(Tensor.prototype, name, { value: tensorMethod(name), writable: true, configurable: true });
}
