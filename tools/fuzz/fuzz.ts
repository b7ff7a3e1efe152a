// Damaged files for the readers: each must be read or refused in the library's own words, at once, and without memory that the file does
// not deserve. Seeds are the stored files of other programs and a few that the library writes.
import { getHeapStatistics } from 'node:v8';
import * as torch from '../../src/index.ts';
import { masked_crc32c } from '../../src/utils/tensorboard/crc32c.ts';
import { read_events } from '../../src/utils/tensorboard/index.ts';
import { openFolder } from '../conformance/data.ts';

export type ReaderName = 'checkpoint' | 'safetensors' | 'numpy' | 'tensorboard';
interface Reader {
  /** The folder of stored files, and what is added to them. */
  readonly folder: string;
  seeds(): Uint8Array[];
  read(bytes: Uint8Array): unknown;
  /** Byte sequences that mean something to the format. */
  readonly words: readonly (readonly number[])[];
  /** Makes the checksums of a damaged file right again, so that the damage is read. */
  seal?(bytes: Uint8Array): void;
}
const bytesOf = (text: string): number[] => [...Buffer.from(text, 'latin1')];
const few = (): Record<string, torch.Tensor> => ({ a: torch.arange(3), b: torch.ones([2, 2]).t(), c: torch.tensor(true) });

export const READERS: Readonly<Record<ReaderName, Reader>> = {
  checkpoint: {
    folder: 'checkpoint',
    seeds: () => [
      torch.save(few()),
      torch.save([1, 'a', Object.freeze([new Set([1])]), new Map([[1, null]]), 2n ** 70n, new Uint8Array(3), 0.5]),
    ],
    read: (bytes) => torch.load(bytes, 'cpu'),
    // Opcodes, alone and with small arguments.
    words: [
      ...[...'(.0N2)tlRbsuaeQ]}\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x93\x94'].map(bytesOf),
      ...[
        'h\0',
        'h\x01',
        'h\x02',
        'q\0',
        'q\x05',
        'K\0',
        'K\xff',
        'X\x01\0\0\0a',
        '\x8a\x01\xff',
        'j\0\0\0\0',
        '\x80\x04',
        '\x95\0\0\0\0\0\0\0\0',
        'ctorch\nSize\n',
        'ccollections\nOrderedDict\n',
        'cos\nsystem\n',
        '\x8b\xff\xff\xff\x7f',
      ].map(bytesOf),
    ],
  },
  safetensors: {
    folder: 'safetensors',
    seeds: () => [torch.serialization.save_safetensors(few(), undefined, { metadata: { k: 'v' } })],
    read: (bytes) => torch.serialization.load_safetensors(bytes),
    words: [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '0',
      '-1',
      '1e99',
      '9007199254740993',
      'null',
      '"F32"',
      '"__proto__"',
      '"data_offsets"',
      '\\u0000',
    ].map(bytesOf),
  },
  numpy: {
    folder: 'npy',
    seeds: () => [
      torch.serialization.save_numpy(few()),
      torch.serialization.save_numpy(few(), undefined, { compressed: true }),
      torch.serialization.save_numpy(few().b!),
    ],
    read: (bytes) => torch.serialization.load_numpy(bytes),
    words: ['(', ')', '{', '}', ',', ':', "'", '0', '99999999', '9999999999999999', 'True', "'|O'", "'>c16'", "'<f8'", 'L', '[', '\n'].map(
      bytesOf,
    ),
  },
  tensorboard: {
    folder: 'tensorboard',
    seeds: () => [],
    read: (bytes) => read_events(bytes),
    // Tags of fields, lengths and varints.
    words: ['\x08', '\x09', '\x0a', '\x0b', '\x0c', '\x12', '\x1a', '\x22', '\x2a', '\x35', '\x3a', '\x42', '\x4a', '\x80\x01'].map(
      bytesOf,
    ),
    seal: sealRecords,
  },
};

/** Writes the checksums of TFRecords anew, as far as their lengths lead. */
function sealRecords(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    view.setUint32(at + 8, masked_crc32c(bytes.subarray(at, at + 8)), true);
    const end = at + 12 + length;
    if (end + 4 > bytes.length) return;
    view.setUint32(end, masked_crc32c(bytes.subarray(at + 12, end)), true);
    at = end + 4;
  }
}

/** mulberry32: small, and the same everywhere. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
const NUMBERS = [0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

function mutated(seeds: readonly Uint8Array[], { words }: Reader, random: (below: number) => number): Uint8Array {
  let bytes = Buffer.from(seeds[random(seeds.length)]!);
  for (let n = 1 + random(4); n > 0 && bytes.length > 0; n--) {
    const at = random(bytes.length);
    const span = 1 + random(Math.min(32, bytes.length - at));
    switch (random(9)) {
      case 0:
        bytes[at]! ^= 1 << random(8);
        break;
      case 1:
        bytes[at] = random(256);
        break;
      case 2: {
        const width = [1, 2, 4, 8][random(4)]!;
        const value = BigInt(NUMBERS[random(NUMBERS.length)]!) * (random(4) === 0 ? 2n ** 31n : 1n);
        for (let i = 0; i < width && at + i < bytes.length; i++) bytes[at + i] = Number((value >> BigInt(8 * i)) & 0xffn);
        break;
      }
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + span)]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at + span), bytes.subarray(at)]);
        break;
      case 6: {
        const other = seeds[random(seeds.length)]!;
        const from = random(other.length || 1);
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + span), bytes.subarray(at + span)]);
        break;
      }
      default: {
        const word = words[random(words.length)]!;
        const isInsertion = random(2) === 0;
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(word),
          bytes.subarray(isInsertion ? at : Math.min(at + word.length, bytes.length)),
        ]);
      }
    }
  }
  return new Uint8Array(bytes);
}

/** What is wrong with how a file was treated, and the file. */
export interface Finding {
  readonly what: string;
  readonly bytes: Uint8Array;
}
export interface Report {
  readonly count: number;
  readonly read: number;
  readonly refused: number;
  readonly findings: readonly Finding[];
}
/** Errors of the language itself: a reader that throws them did not expect what it met. */
const CRASHES = [TypeError, RangeError, ReferenceError, SyntaxError];
const SECONDS = 10;

/** Reads `count` damaged files. The same seed gives the same files. */
export function fuzz(name: ReaderName, count: number, seed = 1): Report {
  const reader = READERS[name];
  const folder = openFolder('interop')!;
  const seeds = [
    ...folder.paths.filter((p) => p.startsWith(`${reader.folder}/`) && !p.endsWith('.json')).map((p) => folder.bytes(p)),
    ...reader.seeds(),
  ];
  const random = randomNumbers(seed);
  const findings: Finding[] = [];
  let read = 0;
  for (let n = 0; n < count && findings.length < 10; n++) {
    const bytes = mutated(seeds, reader, random);
    if (reader.seal && random(4) > 0) reader.seal(bytes);
    const before = getHeapStatistics().external_memory;
    const start = performance.now();
    let what: string | null = null;
    try {
      reader.read(bytes);
      read++;
    } catch (e) {
      if (!(e instanceof Error) || !e.message || CRASHES.some((crash) => e instanceof crash))
        what = `failed with ${e instanceof Error ? (e.stack ?? e.message) : String(e)}`;
    }
    const grown = getHeapStatistics().external_memory - before;
    // 512 kB are slabs and what decompression works with.
    if (grown > 64 * bytes.length + 2 ** 19) what ??= `took ${grown} bytes for a file of ${bytes.length}`;
    if (performance.now() - start > SECONDS * 1000) what ??= `took more than ${SECONDS} s`;
    if (what) findings.push({ what, bytes });
  }
  if (Object.keys(Object.prototype).length > 0) findings.push({ what: 'a file changed Object.prototype', bytes: new Uint8Array(0) });
  return { count, read, refused: count - read, findings };
}
