// The addon as an engine: kernels work on JavaScript's own memory.
import { RuntimeError } from '../../core/errors.ts';
import { allocateIn, GIVEN_BACK, type Storage } from '../../core/storage.ts';
import type { Engine, ProgramAddress } from '../compiled/engine.ts';
import type { Addon } from './addon.ts';
import { collectorPressure } from './pressure.ts';

export function nativeEngine(addon: Addon): Engine {
  const addressOf = (buffer: ArrayBufferLike): number => addressIn(addon, buffer);
  return {
    name: 'native',
    names: () => addon.names(),
    connect(slots, moved) {
      const buffer = new ArrayBuffer(slots * 8);
      addon.init(buffer);
      moved(buffer, 0);
      allocateIn(null, addressOf, collectorPressure(addon));
    },
    begin() {},
    locate(t) {
      const l = t.layout;
      return address(addon, t.storage!) + l.offset * l.dtype.itemsize;
    },
    array: (a) => addon.address(a.buffer) + a.byteOffset,
    program(p) {
      if (p.native !== null && (p.native as Located).addon === addon) return p.native as Located;
      const at: Located = { addon, code: addressOf(p.code.buffer), consts: p.consts.length ? addressOf(p.consts.buffer) : 0 };
      p.native = at;
      return at;
    },
    run: (kernel) => addon.run(kernel),
  };
}
interface Located extends ProgramAddress {
  readonly addon: Addon;
}
/** Node-API sees shared memory through typed arrays only. */
const addressIn = (addon: Addon, buffer: ArrayBufferLike): number =>
  addon.address(buffer instanceof ArrayBuffer ? buffer : new Uint8Array(buffer));
/** The address of a storage's first byte. Memory that the user can reach, or that may move, is looked up at each call. */
function address(addon: Addon, s: Storage): number {
  if (s.address !== 0 && !s.exposed) return s.address;
  if (s.buffer === null) throw new RuntimeError(GIVEN_BACK);
  if (s.exposed) s.checkAttached();
  const at = addressIn(addon, s.buffer) + s.byteOffset;
  if (s.block === null) s.address = at;
  return at;
}
