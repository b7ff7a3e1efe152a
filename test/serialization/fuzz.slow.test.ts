// More damaged files, and writers that are killed.
import { describe, expect, it } from 'vitest';
import { fuzz, READERS, type ReaderName } from '../../tools/fuzz/fuzz.ts';
import { killSavers } from './saver.ts';

describe('damaged files', () => {
  it.each(Object.keys(READERS) as ReaderName[])('%s: are read or refused', (reader) => {
    const { findings } = fuzz(reader, 100_000, 11);
    expect(findings.map(({ what, bytes }) => `${what}\n${Buffer.from(bytes).toString('base64')}`)).toEqual([]);
  });
});

describe('a file that is written', () => {
  it('is whole after 200 of 200 kills', async () => {
    const { values, leftovers } = await killSavers(200);
    expect(values.length).toBe(200);
    // Kills came before, between and in the middle of saves.
    expect(new Set(values).size).toBe(2);
    expect(leftovers).toBeGreaterThan(20);
  });
});
