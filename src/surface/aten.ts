// torch.ops.aten: operators by their schema names, `torch.ops.aten.add.Tensor`.
import { NotImplementedError } from '../core/errors.ts';
import { type Op, registry } from '../dispatch/operator.ts';
import { operatorFunction } from './bind.ts';

type Callable = (...args: unknown[]) => unknown;
/** An operator with all its overloads: callable, each overload a property; `default` is the one without a name. */
export type OverloadPacket = Callable & Readonly<Record<string, Callable>>;

function packet(name: string): OverloadPacket {
  const all: [string, Op][] = [];
  for (const o of registry.values()) if (o.baseName === name) all.push([o.name === name ? 'default' : o.name.slice(name.length + 1), o]);
  if (all.length === 0) throw new NotImplementedError(`'_OpNamespace' 'aten' object has no attribute '${name}'`);
  const f = operatorFunction(
    name,
    all.map(([, o]) => o),
  ) as OverloadPacket;
  // One declaration may serve several of PyTorch's overloads (Tensor and Scalar operands).
  return new Proxy(f, {
    get(target, key) {
      if (typeof key !== 'string' || key in target) return Reflect.get(target, key) as unknown;
      const exact = all.find(([overload]) => overload === key);
      return exact ? operatorFunction(name, [exact[1]]) : target;
    },
  });
}
const packets = new Map<string, OverloadPacket>();
const aten = new Proxy({} as Readonly<Record<string, OverloadPacket>>, {
  get(_, name) {
    if (typeof name !== 'string') return undefined;
    let p = packets.get(name);
    if (!p) {
      p = packet(name);
      packets.set(name, p);
    }
    return p;
  },
  has: (_, name) => typeof name === 'string' && [...registry.values()].some((o) => o.baseName === name),
});
export const ops = { aten };
