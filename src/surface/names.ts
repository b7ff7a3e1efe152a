// Which public names exist, and where they live.
import { type Op, registry } from '../dispatch/operator.ts';

export type Home = 'torch' | 'functional' | 'special' | 'linalg' | 'fft';

/** The namespace of an operator's function. */
export function functionHome(o: Op): Home {
  const prefix = /^(special|linalg|fft)_/.exec(o.baseName)?.[1];
  if (prefix) return prefix as Home;
  return surfaceOf(o).includes('nn.functional') && !surfaceOf(o).includes('function') ? 'functional' : 'torch';
}
function surfaceOf(o: Op): readonly string[] {
  const given = o.decl.surface;
  if (o.functional) {
    if (o.functional.decl.surface && !o.functional.decl.surface.includes('method') && !o.functional.decl.surface.includes('function')) return [];
    return ['function', 'method'];
  }
  if (given) return given;
  if (/^(special|linalg|fft)_/.test(o.baseName)) return ['function'];
  return o.params.some((p) => p.name === 'self') ? ['function', 'method'] : ['function'];
}
const isInternal = (o: Op): boolean => /\.(vjp|jvp)[01]/.test(o.name);

/** All public methods and functions with their overloads, in the order of declaration. */
export function publicNames(): { methods: Map<string, Op[]>; functions: Map<string, Op[]> } {
  const methods = new Map<string, Op[]>();
  const functions = new Map<string, Op[]>();
  const put = (map: Map<string, Op[]>, name: string, o: Op): void => {
    const list = map.get(name);
    if (list) list.push(o);
    else map.set(name, [o]);
  };
  for (const o of registry.values()) {
    if (isInternal(o)) continue;
    const where = surfaceOf(o);
    const aliases = (o.functional ?? o).decl.aliases ?? [];
    const names = [o.baseName, ...aliases.map((a) => (o.functional ? `${a}_` : a))];
    const hasSelf = o.params.some((p) => p.name === 'self');
    for (const name of names) {
      if (where.includes('method') && hasSelf && !/^(special|linalg|fft)_/.test(name)) put(methods, name, o);
      if ((where.includes('function') || where.includes('nn.functional')) && (!o.functional || IN_PLACE_FUNCTIONS.has(name))) put(functions, name, o);
    }
  }
  return { methods, functions };
}
/** In-place variants that PyTorch also has as functions. */
const IN_PLACE_FUNCTIONS = new Set(
  ['abs', 'acos', 'asin', 'atan', 'ceil', 'clamp', 'cos', 'cosh', 'dropout', 'erf', 'erfc', 'exp', 'exp2', 'expm1', 'fill', 'floor', 'frac', 'log', 'log10', 'log1p', 'log2', 'neg', 'reciprocal', 'relu', 'round', 'rsqrt', 'selu', 'sigmoid', 'sin', 'sinh', 'sqrt', 'square', 'tan', 'tanh', 'threshold', 'trunc', 'xlogy', 'zero', 'celu', 'rrelu', 'elu', 'leaky_relu', 'hardtanh', 'alpha_dropout', 'feature_dropout', 'feature_alpha_dropout', 'logit', 'nan_to_num', 'deg2rad', 'rad2deg', 'detach', 'ldexp', 'sinc', 'i0', 'asinh', 'acosh', 'atanh', 'embedding_renorm', 'index_put', 'resize_as', 'arccos', 'arcsin', 'arctan', 'arccosh', 'arcsinh', 'arctanh', 'negative', 'fix', 'clip', 'clamp_max', 'clamp_min'].map((n) => `${n}_`),
);
