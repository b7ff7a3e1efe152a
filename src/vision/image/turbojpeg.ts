// libjpeg-turbo, the library that Pillow uses, through its C interface: synchronous, and the same pixels bit for bit. The shared library
// comes with @julusian/jpeg-turbo (whose own binding decodes with the less exact DCT); https://libjpeg-turbo.org/Documentation.
import { builtin } from '../../core/host.ts';
import { OSError } from '../../core/errors.ts';
import { broken } from './errors.ts';
import { locate, optional } from './packages.ts';
import { bandCount, fresh, type Mode, type Raster, scratch } from './raster.ts';

interface Koffi {
  load(path: string): { func(prototype: string): (...args: unknown[]) => unknown };
  decode(pointer: unknown, type: string, length: number): ArrayLike<number>;
}
interface FileTools {
  existsSync(path: string): boolean;
}
interface Report {
  getReport(): { header: { glibcVersionRuntime?: string } };
}
/** What is called of TurboJPEG. */
type Calls = Record<
  'init' | 'header' | 'get' | 'set' | 'decompress' | 'compress' | 'free' | 'error' | 'code' | 'destroy',
  (...args: unknown[]) => unknown
>;
interface Turbo {
  readonly call: Calls;
  readonly koffi: Koffi;
  decoder: unknown;
  encoder: unknown;
}
// Numbers of turbojpeg.h.
const COMPRESS = 0;
const DECOMPRESS = 1;
const PARAM = { quality: 3, subsampling: 4, width: 5, height: 6, colorspace: 8, fastUpsample: 9, fastDct: 10 } as const;
const WARNING = 0;
const FORMAT: Readonly<Partial<Record<Mode, number>>> = { L: 6, RGB: 0, CMYK: 11 };
const SUBSAMPLING: Readonly<Record<string, number>> = { '4:4:4': 0, '4:2:2': 1, '4:2:0': 2 };
const GRAY = 3;

/** The shared library of this platform; null where the package has none. */
function libraryPath(): string | null {
  const root = locate('@julusian/jpeg-turbo/package.json');
  const files = builtin<FileTools>('fs');
  if (root === null || !files) return null;
  const { platform, arch, report } = process as unknown as { platform: string; arch: string; report?: Report };
  const musl = platform === 'linux' && report !== undefined && !report.getReport().header.glibcVersionRuntime;
  const path = root.replace(/package\.json$/, `prebuilds/jpeg-turbo-${platform}-${arch}${musl ? '-musl' : ''}/libturbojpeg.so.0`);
  return files.existsSync(path) ? path : null;
}
function open(): Turbo | null {
  const path = libraryPath();
  const koffi = path === null ? null : optional<Koffi>('koffi');
  if (path === null || koffi === null) return null;
  const lib = koffi.load(path);
  const call: Calls = {
    init: lib.func('void* tj3Init(int)'),
    header: lib.func('int tj3DecompressHeader(void*, const void*, size_t)'),
    get: lib.func('int tj3Get(void*, int)'),
    set: lib.func('int tj3Set(void*, int, int)'),
    decompress: lib.func('int tj3Decompress8(void*, const void*, size_t, void*, int, int)'),
    compress: lib.func('int tj3Compress8(void*, const void*, int, int, int, int, _Inout_ void**, _Inout_ size_t*)'),
    free: lib.func('void tj3Free(void*)'),
    error: lib.func('const char* tj3GetErrorStr(void*)'),
    code: lib.func('int tj3GetErrorCode(void*)'),
    destroy: lib.func('void tj3Destroy(void*)'),
  };
  return { call, koffi, decoder: call.init(DECOMPRESS), encoder: call.init(COMPRESS) };
}
let turbo: Turbo | null | undefined;
/** The library; null where it does not run. */
export function turbojpeg(): Turbo | null {
  if (turbo === undefined) turbo = open();
  return turbo;
}

/** What went wrong in a decoder or encoder; it keeps its state after errors and is replaced. */
function failure(turbo: Turbo, which: 'decoder' | 'encoder'): string {
  const { call } = turbo;
  const why = String(call.error(turbo[which]));
  call.destroy(turbo[which]);
  turbo[which] = call.init(which === 'decoder' ? DECOMPRESS : COMPRESS);
  return why;
}
/**
 * Decodes a JPEG file whose header has been read; `passing`: into memory that the next such call overwrites.
 * @throws OSError for files that are cut off or no JPEG.
 */
export function decodeJpeg(turbo: Turbo, bytes: Uint8Array, mode: Mode, where: string, passing: boolean): Raster {
  const { call, decoder } = turbo;
  if (call.header(decoder, bytes, bytes.length) !== 0) throw broken(where, failure(turbo, 'decoder'));
  const [width, height] = [call.get(decoder, PARAM.width) as number, call.get(decoder, PARAM.height) as number];
  const r = passing ? scratch(0, mode, width, height) : fresh(mode, width, height);
  call.set(decoder, PARAM.fastUpsample, 0);
  call.set(decoder, PARAM.fastDct, 0);
  if (call.decompress(decoder, bytes, bytes.length, r.data, 0, FORMAT[mode]!) !== 0) {
    const isWarning = call.code(decoder) === WARNING;
    const why = failure(turbo, 'decoder');
    // Warnings about damaged data leave an image, as they do in Pillow.
    if (!isWarning) throw broken(where, why);
  }
  return r;
}
export interface JpegOptions {
  /** 1 to 95; 75 if not given. */
  readonly quality?: number;
  /** `'4:4:4'`, `'4:2:2'` or `'4:2:0'` (if not given). */
  readonly subsampling?: string;
}
/** Encodes pixels of mode L, RGB or CMYK. */
export function encodeJpeg(turbo: Turbo, r: Raster, options: JpegOptions): Uint8Array {
  const { call, koffi, encoder } = turbo;
  call.set(encoder, PARAM.quality, options.quality ?? 75);
  call.set(encoder, PARAM.subsampling, r.mode === 'L' ? GRAY : (SUBSAMPLING[options.subsampling ?? '4:2:0'] ?? SUBSAMPLING['4:2:0']!));
  const buffer: unknown[] = [null];
  const size = [0];
  const pitch = r.width * bandCount(r.mode);
  const status = call.compress(encoder, r.data, r.width, pitch, r.height, FORMAT[r.mode]!, buffer, size);
  try {
    if (status !== 0) throw new OSError(`encoder error when writing image file (${failure(turbo, 'encoder')})`);
    return Uint8Array.from(koffi.decode(buffer[0], 'uint8_t', size[0]!));
  } finally {
    if (buffer[0] !== null) call.free(buffer[0]);
  }
}
