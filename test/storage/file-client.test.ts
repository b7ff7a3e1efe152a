// FileClient: mmcv's interface over a disk, an LMDB database, a web server and memory.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BaseStorageBackend, FileClient, LMDBWriter } from '../../src/utils/storage/index.ts';
import { temporaryFolder } from './folder.ts';

const inFolder = temporaryFolder();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (b: Uint8Array): string => new TextDecoder().decode(b);

describe.each(['disk', 'memory'] as const)('the backend %s', (name) => {
  it('puts, gets, lists and removes', () => {
    const client = new FileClient(name);
    const at = (...names: string[]): string => client.join_path(inFolder('files'), ...names);
    client.put(bytes('one'), at('a', 'b', '1.txt'));
    client.put_text('zwei: ü', at('a', '2.md'));
    client.put_text('hidden', at('.hidden'));
    expect(text(client.get(at('a', 'b', '1.txt')))).toBe('one');
    expect(client.get_text(at('a', '2.md'))).toBe('zwei: ü');
    expect([client.exists(at('a')), client.isdir(at('a')), client.isfile(at('a')), client.isfile(at('a', '2.md'))]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    const list = (options?: object): string[] => [...client.list_dir_or_file(at(), options)].sort();
    expect(list()).toEqual(['a']);
    expect(list({ recursive: true })).toEqual(['a', 'a/2.md', 'a/b', 'a/b/1.txt']);
    expect(list({ recursive: true, list_dir: false, suffix: ['.txt', '.jpg'] })).toEqual(['a/b/1.txt']);
    expect(() => list({ suffix: '.txt' })).toThrow('`list_dir` should be False when `suffix` is not None');
    client.remove(at('a', '2.md'));
    expect(client.exists(at('a', '2.md'))).toBe(false);
    expect(() => client.get(at('a', '2.md'))).toThrow();
  });
  it('lends files of the disk', async () => {
    const client = new FileClient(name);
    client.put(bytes('lent'), inFolder('lent.txt'));
    expect(await client.with_local_path(inFolder('lent.txt'), (path) => readFileSync(path, 'utf8'))).toBe('lent');
  });
});

describe('the backend lmdb', () => {
  it('reads values by key', () => {
    {
      using db = new LMDBWriter(inFolder('files.lmdb'));
      db.put('a/1.txt', 'one');
      db.commit();
    }
    const client = new FileClient('lmdb', { db_path: inFolder('files.lmdb') });
    expect([text(client.get('a/1.txt')), client.get_text('a/1.txt'), client.exists('a/1.txt'), client.exists('a')]).toEqual([
      'one',
      'one',
      true,
      false,
    ]);
    expect(() => client.get('a/2.txt')).toThrow("'a/2.txt' is not in");
    expect(() => client.put(bytes(''), 'x')).toThrow('Currently, `FileClient.put` is not supported in LmdbBackend');
    expect(() => new FileClient('lmdb')).toThrow("missing 1 required positional argument: 'db_path'");
  });
});

describe('the backend http', () => {
  let server: Server;
  let url = '';
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/a.txt') return response.end('über das Netz');
      response.statusCode = 404;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  it('gives promises', async () => {
    const client = new FileClient('http');
    expect(text(await client.get(`${url}/a.txt`))).toBe('über das Netz');
    expect(await client.get_text(client.join_path(url, 'a.txt'))).toBe('über das Netz');
    await expect(client.get(`${url}/b.txt`)).rejects.toThrow('HTTP Error 404: Not Found');
    expect(await FileClient.infer_client(null, `${url}/a.txt`).get_text(`${url}/a.txt`)).toBe('über das Netz');
  });
});

describe('the client', () => {
  it('is the same for the same arguments', () => {
    expect(new FileClient('memory')).toBe(new FileClient('memory'));
    expect(new FileClient()).toBe(new FileClient());
    expect(new FileClient().name).toBe('disk');
    expect(FileClient.infer_client({ backend: 'memory' })).toBe(new FileClient('memory'));
  });
  it('finds the scheme of a URI', () => {
    expect(['s3://a/b', 'cluster:s3://a/b', '/a/b'].map((uri) => FileClient.parse_uri_prefix(uri))).toEqual(['s3', 's3', null]);
  });
  it('takes backends of the user', () => {
    class Upper extends BaseStorageBackend {
      override get(path: string): Uint8Array {
        return bytes(path.toUpperCase());
      }
      override get_text(path: string): string {
        return path.toUpperCase();
      }
    }
    FileClient.register_backend('upper', Upper, { prefixes: 'up' });
    expect(new FileClient('upper').get_text('abc')).toBe('ABC');
    expect(FileClient.infer_client(null, 'up://x').get_text('up://x')).toBe('UP://X');
    expect(() => FileClient.register_backend('upper', Upper)).toThrow('upper is already registered as a storage backend');
    expect(() => FileClient.register_backend('other', Upper, { prefixes: ['up'] })).toThrow('up is already registered');
    expect(() => FileClient.register_backend('other', class {} as never)).toThrow('is not a subclass of BaseStorageBackend');
    expect(() => new FileClient('ceph')).toThrow(
      "Backend ceph is not supported. Currently supported ones are ['disk', 'lmdb', 'http', 'memory', 'upper']",
    );
    expect(() => new FileClient(null, { prefix: 's3' })).toThrow('prefix s3 is not supported');
  });
  it('replaces a file only when the new one is complete', () => {
    mkdirSync(inFolder('kept'), { recursive: true });
    writeFileSync(inFolder('kept/a'), 'old');
    expect(() => new FileClient().put(null as never, inFolder('kept/a'))).toThrow();
    expect(readFileSync(inFolder('kept/a'), 'utf8')).toBe('old');
  });
});
