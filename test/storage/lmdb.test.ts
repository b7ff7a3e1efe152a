// LMDB databases: those of Python's lmdb and of the npm package lmdb are read, and what is written is read again. See real.slow.test.ts for the
// other direction.
import { copyFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { open } from 'lmdb';
import { describe, expect, it } from 'vitest';
import { LMDB, LMDBDataset, LMDBWriter } from '../../src/utils/storage/index.ts';
import { temporaryFolder } from './folder.ts';

const inFolder = temporaryFolder();
const PYTHON = fileURLToPath(new URL('data/python.mdb', import.meta.url));
const text = (bytes: Uint8Array | null): string | null => bytes && new TextDecoder().decode(bytes);
/** What tools/oracle/generate_storage.py put. */
const value = (i: number): Uint8Array => new Uint8Array(i % 15 === 1 ? (i * 370) % 6000 : i % 60).fill(i % 251);

describe('an LMDB database', () => {
  it('of Python is read: values on leaves and on pages of their own, after deletions', () => {
    using db = new LMDB(PYTHON);
    expect(db.length).toBe(101);
    for (let i = 0; i < 150; i++) expect(db.get(`key/${i}`)).toEqual(i % 3 === 0 ? null : value(i));
    expect(text(db.get('schlüssel'))).toBe('wert');
    expect(db.get('')).toBeNull();
    expect(db.get('zzz')).toBeNull();
    const keys = Array.from(db.keys(), text);
    expect(keys).toEqual([...keys].sort());
    expect(keys).toHaveLength(101);
  });
  it('of the npm package lmdb is read', async () => {
    const env = open({ path: inFolder('npm.mdb'), noSubdir: true, encoding: 'binary', keyEncoding: 'binary' });
    for (let i = 0; i < 300; i++) await env.put(Buffer.from(`key/${i}`), Buffer.from(value(i)));
    await env.flushed;
    await env.close();
    using db = new LMDB(inFolder('npm.mdb'));
    expect(db.length).toBe(300);
    for (let i = 0; i < 300; i++) expect(db.get(`key/${i}`)).toEqual(value(i));
  });
  it.each([0, 1, 2, 3, 60, 2000])('of %i values is what was put, in the order of the keys', (n) => {
    const path = inFolder(`${n}.lmdb`);
    const key = (i: number): string => `${(i * 7919) % 10007}`.padEnd(5 + (i % 200), '_');
    {
      using writer = new LMDBWriter(path);
      for (let i = 0; i < n; i++) writer.put(key(i), value(i));
      writer.commit();
    }
    expect(readdirSync(path)).toEqual(['data.mdb']);
    using db = new LMDB(path);
    expect(db.length).toBe(n);
    const wrong = Array.from({ length: n }, (_, i) => i).filter((i) => !Buffer.from(db.get(key(i)) ?? 'none').equals(value(i)));
    expect(wrong).toEqual([]);
    const keys = Array.from(db, ([k]) => Buffer.from(k));
    expect(keys).toHaveLength(n);
    expect(keys.every((k, i) => i === 0 || Buffer.compare(keys[i - 1]!, k) < 0)).toBe(true);
  });
  it('appears when it is committed, and not otherwise', () => {
    {
      using writer = new LMDBWriter(inFolder('half.mdb'), { subdir: false });
      writer.put('a', new Uint8Array(10_000));
    }
    expect(existsSync(inFolder('half.mdb'))).toBe(false);
    expect(readdirSync(inFolder()).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
  it('refuses keys that LMDB refuses', () => {
    using writer = new LMDBWriter(inFolder('keys.mdb'), { subdir: false });
    expect(() => writer.put('', 'x')).toThrow('MDB_BAD_VALSIZE');
    expect(() => writer.put('k'.repeat(512), 'x')).toThrow('MDB_BAD_VALSIZE');
    writer.put('k'.repeat(511), 'x');
    writer.put('k'.repeat(511), 'y');
    expect(() => writer.commit()).toThrow('was put twice');
  });
  it('that is none, cut short or damaged is an error that names the file', () => {
    writeFileSync(inFolder('none.mdb'), new Uint8Array(10_000));
    expect(() => new LMDB(inFolder('none.mdb'))).toThrow('none.mdb: MDB_INVALID');
    writeFileSync(inFolder('short.mdb'), 'short');
    expect(() => new LMDB(inFolder('short.mdb'))).toThrow('it ends after 5 bytes');
    copyFileSync(PYTHON, inFolder('cut.mdb'));
    truncateSync(inFolder('cut.mdb'), 12_000);
    expect(() => Array.from(new LMDB(inFolder('cut.mdb')))).toThrow('cut.mdb');
    expect(() => new LMDB(inFolder('missing.mdb'))).toThrow('no such file');
  });
  it('that is damaged anywhere gives values or an error, never a hang', () => {
    const whole = readFileSync(PYTHON);
    for (let seed = 1; seed <= 60; seed++) {
      const copy = Uint8Array.from(whole);
      for (let i = 0; i < 20; i++) copy[(seed * 7919 + i * 104729) % copy.length] = (seed * 31 + i) & 0xff;
      writeFileSync(inFolder('fuzz.mdb'), copy);
      try {
        using db = new LMDB(inFolder('fuzz.mdb'));
        let count = 0;
        for (const _ of db) if (++count > 10_000) break;
      } catch (e) {
        expect((e as Error).name).toMatch(/^(LMDBError|EOFError)$/);
      }
    }
  });
  it('is a dataset of its values', () => {
    const ds = new LMDBDataset(PYTHON, { keys: ['key/1', 'key/31', 'key/3'], transform: (v, key) => `${key}: ${v.length}` });
    expect(ds.length).toBe(3);
    expect([ds.get(0), ds.get(-2)]).toEqual(['key/1: 370', `key/31: ${(31 * 370) % 6000}`]);
    expect(() => ds.get(2)).toThrow("'key/3'");
    expect(() => ds.get(3)).toThrow('list index out of range');
    expect(new LMDBDataset(PYTHON).length).toBe(101);
    ds.close();
    expect(ds.get(0)).toBe('key/1: 370');
  });
});
