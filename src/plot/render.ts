// From a specification to SVG (vega, with fast-png for images) and from SVG to pixels (resvg). All are optional and loaded when a
// figure is first drawn.
import type { Spec } from 'vega';
import { RuntimeError } from '../core/errors.ts';
import { builtin } from '../core/host.ts';
import type { DrawingTools } from './spec.ts';

async function optional<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (e) {
    const { code } = e as { code?: string };
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw e;
    throw new RuntimeError(`plots need the package ${name}: npm install ${name}`, { cause: e });
  }
}
const vega = (): Promise<typeof import('vega')> => optional('vega', () => import('vega'));

/** What specifications are made with. */
export async function drawingTools(): Promise<DrawingTools> {
  const { scheme } = await vega();
  const { encode } = await optional('fast-png', () => import('fast-png'));
  return { scheme: (name) => scheme(name), encode: ({ data, width, height }) => encode({ data, width, height, channels: 4 }) };
}
/** A specification drawn as SVG; lengths are points. */
export async function toSVG(spec: Spec): Promise<string> {
  const { parse, View } = await vega();
  const view = new View(parse(spec), { renderer: 'none' });
  try {
    const svg = await view.toSVG();
    return svg.replace(/(<svg[^>]*? width=")([\d.]+)(" height=")([\d.]+)"/, '$1$2pt$3$4pt"');
  } finally {
    view.finalize();
  }
}

/** Pixels of a drawing, four bytes each, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}
interface FontOptions {
  readonly loadSystemFonts: boolean;
  readonly fontFiles: string[];
  readonly defaultFontFamily: string;
  readonly sansSerifFamily: string;
}
let fonts: Promise<FontOptions> | null = null;
/** DejaVu Sans of the package dejavu-fonts-ttf, if it is installed, and the system's fonts. */
async function findFonts(): Promise<FontOptions> {
  const family = 'DejaVu Sans';
  const { createRequire } = builtin<typeof import('node:module')>('module')!;
  let fontFiles: string[] = [];
  try {
    const { resolve } = createRequire(import.meta.url);
    fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf', 'DejaVuSans-Oblique.ttf'].map((f) => resolve(`dejavu-fonts-ttf/ttf/${f}`));
  } catch {
    // Without the package the system's fonts serve.
  }
  const found = { loadSystemFonts: true, fontFiles, defaultFontFamily: family, sansSerifFamily: family };
  const { Resvg } = await resvg();
  const trial = new Resvg('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="8">x</text></svg>', { font: found });
  if (!trial.getBBox()) console.warn('plot: no font was found, so pictures are without text: npm install dejavu-fonts-ttf');
  return found;
}
function resvg(): Promise<typeof import('@resvg/resvg-js')> {
  if (!builtin('module')) throw new RuntimeError('pixels of plots need Node.js; in a page, take the SVG of fig.to_svg()');
  return optional('@resvg/resvg-js', () => import('@resvg/resvg-js'));
}
async function rendered(svg: string, width: number): Promise<import('@resvg/resvg-js').RenderedImage> {
  const { Resvg } = await resvg();
  fonts ??= findFonts();
  return new Resvg(svg, { fitTo: { mode: 'width', value: width }, font: await fonts }).render();
}
/** An SVG as a PNG file, `width` pixels wide. */
export async function toPNG(svg: string, width: number): Promise<Uint8Array> {
  return new Uint8Array((await rendered(svg, width)).asPng());
}
/** An SVG as pixels. */
export async function toPixels(svg: string, width: number): Promise<Pixels> {
  const image = await rendered(svg, width);
  return { width: image.width, height: image.height, data: new Uint8Array(image.pixels) };
}
