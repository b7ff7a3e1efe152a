// The tables behind libm.ts, computed when first needed: whole numbers stand for fractions of 2^BITS, rounded once at the end.
// Only the points of the logarithm are data: their designers chose them so that the tabulated values lie very close to floats.
import { scaled } from './fma.ts';

const BITS = 240n;
const ONE = 1n << BITS;
const toFixed = (x: number): bigint => BigInt(x * 2 ** 60) << (BITS - 60n);
const toNumber = (x: bigint): number => scaled(x, -Number(BITS));
const times = (a: bigint, b: bigint): bigint => (a * b) >> BITS;
/** The nearest float64, and that of what remains. */
function split(x: bigint): [high: number, low: number] {
  const high = toNumber(x);
  return [high, toNumber(x - fromNumber(high))];
}
const fromNumber = (x: number): bigint => (BigInt(x * 2 ** 200) << BITS) >> 200n;

function sinCos(x: bigint): [sin: bigint, cos: bigint] {
  const square = times(x, x);
  let [sin, cos] = [0n, 0n];
  for (let term = ONE, n = 0n; term !== 0n; term = -times(term, square) / ((n - 1n) * n)) {
    cos += term;
    sin += times(term, x) / (n + 1n);
    n += 2n;
  }
  return [sin, cos];
}

/** ln x = 2 artanh((x − 1)/(x + 1)). */
function ln(x: bigint): bigint {
  const z = ((x - ONE) << BITS) / (x + ONE);
  const square = times(z, z);
  let sum = 0n;
  for (let power = z, n = 1n; power !== 0n && power !== -1n; power = times(power, square), n += 2n) sum += power / n;
  return sum << 1n;
}

function sqrt(x: bigint): bigint {
  let root = BigInt(Math.floor(Math.sqrt(toNumber(x)) * 2 ** 52)) << (BITS - 52n);
  for (let i = 0; i < 4; i++) root = (root + (x << BITS) / root) >> 1n;
  return root;
}

function lazy(make: () => Float64Array): () => Float64Array {
  let table: Float64Array | null = null;
  return () => (table ??= make());
}

/** sin and cos of k/16, each as high and low part, for k < 14. */
export const sinCosGrid = lazy(() => {
  const table: number[] = [];
  for (let k = 0n; k < 14n; k++) {
    const [sin, cos] = sinCos((k << BITS) >> 4n);
    table.push(...split(sin), ...split(cos));
  }
  return Float64Array.from(table);
});

/** 2^(k/128) and the relative error of that float, for k < 128. */
export const exp2Table = lazy(() => {
  let step = ONE << 1n;
  for (let i = 0; i < 7; i++) step = sqrt(step);
  const table: number[] = [];
  for (let k = 0, value = ONE; k < 128; k++, value = times(value, step)) {
    const [high] = split(value);
    table.push(high, toNumber(((value - fromNumber(high)) << BITS) / fromNumber(high)));
  }
  return Float64Array.from(table);
});

/** A reciprocal 1/c and ln c in multiples of 2^-43, for the 128 intervals of [0.6875, 1.375). */
export const logTable = lazy(() => Float64Array.from(LOG_POINTS.flatMap((reciprocal) => [reciprocal, lnReciprocal(reciprocal)[0]])));

/** The same for [0.7057, 1.4115) with short reciprocals, and what ln c has beyond 2^-43. */
export const powLogTable = lazy(() => {
  const table: number[] = [];
  for (let i = 0; i < 128; i++) {
    const middle = intervalMiddle(0x3fe69555, i);
    const reciprocal = roundToEven(128 / middle) / 128;
    const short = reciprocal >= 1 ? reciprocal : roundToEven(256 / middle) / 256;
    table.push(short, ...lnReciprocal(short));
  }
  return Float64Array.from(table);
});

function lnReciprocal(reciprocal: number): [rounded: number, rest: number] {
  const exact = -ln(toFixed(reciprocal));
  const step = 1n << (BITS - 43n);
  const rounded = ((exact + (step >> 1n)) / step - (exact + (step >> 1n) < 0n ? 1n : 0n)) * step;
  return [toNumber(rounded), toNumber(exact - rounded)];
}

/** The middle of interval i when the floats from the given high word on are cut into 128 a binade. */
function intervalMiddle(highWord: number, i: number): number {
  const words = new Uint32Array([0, highWord + (i << 13), 0, highWord + ((i + 1) << 13)]);
  const [low, high] = new Float64Array(words.buffer) as unknown as [number, number];
  return (low + high) / 2;
}
function roundToEven(x: number): number {
  return x + 2 ** 52 - 2 ** 52;
}

// From the ARM optimized routines (MIT): 1/c of the 128 intervals of log.
// biome-ignore format: a table
const LOG_POINTS = [
  1.4504249240398293, 1.442253508327276, 1.4341736174350004, 1.426183816329995, 1.4182825527052965, 1.4104682921759335,
  1.4027396147468003, 1.3950954438932313, 1.3875338232485754, 1.3800539211058593, 1.3726542695419708, 1.3653332798446802,
  1.358090204587874, 1.3509234892132138, 1.3438320840699889, 1.3368146974742003, 1.329870114677736, 1.322997339161106,
  1.316195352741367, 1.3094628125672239, 1.3027990455471041, 1.2962024229438942, 1.2896726275815547, 1.2832080305745537,
  1.276807885983376, 1.2704714060687552, 1.2641976054949482, 1.257985357514882, 1.2518337750655457, 1.2457421919097305,
  1.2397094966625508, 1.2337348463589233, 1.2278176973028803, 1.2219570190618474, 1.2161519732977757, 1.2104018095009725,
  1.204705805718973, 1.1990631185441964, 1.1934733004462308, 1.1879350812847385, 1.1824481322833125, 1.1770114976921955,
  1.1716248121809465, 1.1662869231674715, 1.1609977486762766, 1.1557563220795803, 1.1505619105480347, 1.1454138888505974,
  1.140311877374656, 1.1352550225747513, 1.1302429094831266, 1.1252747693068048, 1.1203501571039876, 1.1154683327680124,
  1.1106291463292157, 1.1058315813301596, 1.1010752177696026, 1.0963597137952512, 1.0916844827550398, 1.0870487291277784,
  1.082452357388312, 1.0778948225025884, 1.0733751731601076, 1.068893585073351, 1.0644491706655506, 1.0600414846328305,
  1.0556701316181605, 1.051334750556926, 1.0470347288442157, 1.0427699229652954, 1.0385395013738175, 1.034343418940345,
  1.0301811073173315, 1.026052043621297, 1.0219561082336197, 1.0178926505784922, 1.0138614436244586, 1.0098620186501341,
  1.0058938559734134, 1.00195696235014, 0.9961089923088509, 0.9884170338185201, 0.9808429191005297, 0.9733840169987446,
  0.9660377568876556, 0.9588014945307369, 0.9516728569073111, 0.9446494635965822, 0.9377288993026223, 0.9309091073790681,
  0.924187681612722, 0.9175626765599192, 0.9110320403624034, 0.9045935839762024, 0.8982456375922825, 0.8919860966782501,
  0.8858131121185129, 0.879725075760676, 0.8737201372634685, 0.8677966405782273, 0.8619528050060739, 0.8561872354420692,
  0.8504983927816893, 0.8448844572790304, 0.8393442741575965, 0.8338762249349438, 0.8284789320557778, 0.8231510800065832,
  0.8178913903778707, 0.8126984007245374, 0.8075710029460227, 0.8025078881160415, 0.7975077379364331, 0.792569604966373,
  0.7876923641254114, 0.7828746724940998, 0.7781155388790811, 0.7734139557869777, 0.7687687179914933, 0.7641790698041854,
  0.7596438763692399, 0.7551621951078668, 0.7507331780216866, 0.7463557196361751, 0.7420289364869653, 0.7377521537065876,
  0.7335242966002608, 0.729344777457841,
];
