// A sample of what `npm run fuzz` does a million times.
import { describe, expect, it } from 'vitest';
import { fuzz, READERS, type ReaderName } from '../../tools/fuzz/fuzz.ts';

describe('damaged files', () => {
  it.each(Object.keys(READERS) as ReaderName[])('%s: are read or refused', (reader) => {
    const { read, refused, findings } = fuzz(reader, 3000, 7);
    expect(findings.map(({ what, bytes }) => `${what}\n${Buffer.from(bytes).toString('base64')}`)).toEqual([]);
    expect(read).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(read);
  });
});
