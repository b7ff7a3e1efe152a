// A static server of the package, as strict as a careful site: no eval, no inline script.
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";
/** What a bundler or a CDN does with the names of packages. */
const PACKAGES: Record<string, string> = { fflate: '/node_modules/fflate/esm/browser.js' };

export interface Site {
  readonly url: string;
  /** What the page posts to /result. */
  readonly result: Promise<unknown>;
  close(): void;
}
/** Serves the package on a free port; `isolated` adds the headers of cross-origin isolation. */
export async function serve(isolated: boolean): Promise<Site> {
  let resolve: (result: unknown) => void;
  const result = new Promise<unknown>((r) => {
    resolve = r;
  });
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url!, 'http://host').pathname);
    if (request.method === 'POST' && path === '/result') {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        response.end();
        resolve(JSON.parse(Buffer.concat(parts).toString()));
      });
      return;
    }
    const file = join(root, path);
    if (!existsSync(file) || !TYPES[extname(file)]) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'Content-Type': TYPES[extname(file)]!,
      'Content-Security-Policy': POLICY,
      ...(isolated && { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }),
    });
    if (extname(file) === '.js')
      response.end(
        readFileSync(file, 'utf8').replace(/from '([\w-]+)'/g, (whole, name: string) =>
          PACKAGES[name] ? `from '${PACKAGES[name]}'` : whole,
        ),
      );
    else createReadStream(file).pipe(response);
  });
  await new Promise<void>((r) => server.listen(0, '127.0.0.1', r));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, result, close: () => server.close() };
}
