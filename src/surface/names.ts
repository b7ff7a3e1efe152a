// Which public names exist, and where they live.
import { type Op, registry } from '../dispatch/operator.ts';

export type Home = 'torch' | 'functional' | 'special' | 'linalg' | 'fft' | 'masked';

/** special_erf is torch.special.erf. */
const NAMESPACED = /^(special|linalg|fft)_/;

/** Where a public name of an operator is a function. */
export function functionHomes(o: Op, name: string): readonly Home[] {
  if (o.functional && !IN_PLACE_FUNCTIONS.has(name)) return [];
  const prefix = NAMESPACED.exec(name)?.[1] as Home | undefined;
  if (prefix) return surfaceOf(o).length ? [prefix] : [];
  const where = surfaceOf(o);
  const homes: Home[] = where.includes('function') ? ['torch'] : [];
  if (where.includes('masked')) homes.push('masked');
  if (where.includes('nn.functional') || IN_PLACE_ACTIVATIONS.has(name)) homes.push('functional');
  return homes;
}
/** Whether a public name of an operator is a method. */
export function isMethod(o: Op, name: string): boolean {
  return surfaceOf(o).includes('method') && !NAMESPACED.test(name) && o.params.some((p) => p.name === 'self');
}
/** All public names of an operator. */
export function namesOf(o: Op): string[] {
  const aliases = (o.functional ?? o).decl.aliases ?? [];
  if (!o.functional) return [o.baseName, ...aliases];
  return [o.baseName, ...aliases.filter((a) => !a.startsWith('__') && !NAMESPACED.test(a)).map((a) => `${a}_`)];
}

function surfaceOf(o: Op): readonly string[] {
  const given = o.decl.surface;
  if (o.functional) return inPlaceSurface(o.functional.decl.surface);
  if (given) return given;
  if (NAMESPACED.test(o.baseName)) return ['function'];
  return o.params.some((p) => p.name === 'self') ? ['function', 'method'] : ['function'];
}
/** In-place variants are methods; some are functions besides. */
function inPlaceSurface(functional: readonly string[] | undefined): readonly string[] {
  if (!functional || functional.includes('method')) return ['function', 'method'];
  if (functional.includes('inplace')) return ['method'];
  return functional.includes('function') ? ['function'] : [];
}
const isInternal = (o: Op): boolean => /\.(vjp|jvp)[01]/.test(o.name);

/** All public methods and functions, by home, with their overloads in the order of declaration. */
export function publicNames(): { methods: Map<string, Op[]>; functions: Map<Home, Map<string, Op[]>> } {
  const methods = new Map<string, Op[]>();
  const functions = new Map<Home, Map<string, Op[]>>();
  const put = <K>(map: Map<K, Op[]>, name: K, o: Op): void => {
    const list = map.get(name);
    if (list) list.push(o);
    else map.set(name, [o]);
  };
  for (const o of registry.values()) {
    if (isInternal(o)) continue;
    for (const name of namesOf(o)) {
      if (isMethod(o, name)) put(methods, name, o);
      for (const home of functionHomes(o, name)) {
        if (!functions.has(home)) functions.set(home, new Map());
        put(functions.get(home)!, name, o);
      }
    }
  }
  return { methods, functions };
}
/** In-place variants that PyTorch also has as functions. */
const IN_PLACE_FUNCTIONS = new Set(
  [
    'abs',
    'acos',
    'asin',
    'atan',
    'ceil',
    'clamp',
    'cos',
    'cosh',
    'dropout',
    'erf',
    'erfc',
    'exp',
    'exp2',
    'expm1',
    'fill',
    'floor',
    'frac',
    'log',
    'log10',
    'log1p',
    'log2',
    'neg',
    'reciprocal',
    'relu',
    'round',
    'rsqrt',
    'selu',
    'sigmoid',
    'sin',
    'sinh',
    'sqrt',
    'square',
    'tan',
    'tanh',
    'threshold',
    'trunc',
    'xlogy',
    'zero',
    'celu',
    'rrelu',
    'elu',
    'leaky_relu',
    'hardtanh',
    'alpha_dropout',
    'feature_dropout',
    'feature_alpha_dropout',
    'logit',
    'nan_to_num',
    'deg2rad',
    'rad2deg',
    'detach',
    'ldexp',
    'sinc',
    'i0',
    'asinh',
    'acosh',
    'atanh',
    'embedding_renorm',
    'index_put',
    'resize_as',
    'arccos',
    'arcsin',
    'arctan',
    'arccosh',
    'arcsinh',
    'arctanh',
    'negative',
    'fix',
    'clip',
    'clamp_max',
    'clamp_min',
  ].map((n) => `${n}_`),
);
/** In-place variants that PyTorch has in nn.functional. */
const IN_PLACE_ACTIVATIONS = new Set(['relu_', 'elu_', 'celu_', 'selu_', 'leaky_relu_', 'hardtanh_', 'rrelu_', 'threshold_']);
