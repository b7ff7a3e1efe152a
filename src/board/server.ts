// The dashboard's server: data in JSON, pictures, and the page.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { asset } from './assets.ts';
import { drawGraph } from './graph.ts';
import { LogDir } from './logdir.ts';
import { markdown } from './markdown.ts';

export interface BoardOptions {
  /** The folder of the event files; runs are the folders in it. */
  readonly logdir: string;
  /** 6006 by default; 0 takes a free one. */
  readonly port?: number;
  /** The address to listen at; this machine alone by default. */
  readonly host?: string;
  /** Seconds between looks at the folder. */
  readonly reload_interval?: number;
}
/** A dashboard that is running. */
export interface Board {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Everything comes from here, and pictures may be made in the page. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'";

/**
 * Serves the dashboard.
 * @throws the system's error (EADDRINUSE) where the port is taken.
 */
export async function serve({ logdir, port = 6006, host = 'localhost', reload_interval = 2 }: BoardOptions): Promise<Board> {
  const data = new LogDir(resolve(logdir));
  data.reload();
  const listeners = new Set<ServerResponse>();
  const html = await markdown();
  const server = createServer((request, response) => {
    void answer(request, response, data, listeners, html).catch((error: Error) => send(response, 500, 'text/plain', error.message));
  });
  await listen(server, port, host);
  const timer = setInterval(() => {
    if (data.reload()) for (const listener of listeners) listener.write(`data: ${data.version}\n\n`);
  }, reload_interval * 1000);
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}/`,
    port: taken,
    close: async () => {
      clearInterval(timer);
      for (const listener of listeners) listener.end();
      await new Promise((done) => {
        server.close(done);
        server.closeAllConnections();
      });
    },
  };
}
function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      done();
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  data: LogDir,
  listeners: Set<ServerResponse>,
  html: (text: string) => string,
): Promise<void> {
  if (request.method !== 'GET') return send(response, 405, 'text/plain', 'only GET');
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://board');
  const parameter = (name: string): string => searchParams.get(name) ?? '';
  const tag = parameter('tag');
  switch (pathname) {
    case '/data/index':
      return json(response, data.index);
    case '/data/scalars':
      return json(response, data.scalars(tag));
    case '/data/histograms':
      return json(response, data.histograms(tag));
    case '/data/images':
      return json(response, data.images(tag));
    case '/data/text':
      return json(response, data.texts(tag, html));
    case '/data/curves':
      return json(response, data.curves(tag));
    case '/data/hparams':
      return json(response, data.hparams);
    case '/data/graph': {
      const graph = data.run(parameter('run'))?.graph;
      if (!graph) return send(response, 404, 'text/plain', `the run ${parameter('run')} has no graph`);
      const open = new Set(searchParams.getAll('open'));
      return json(response, drawGraph(graph, { open, constants: parameter('constants') === 'true' }));
    }
    case '/data/image': {
      const picture = data.picture(parameter('run'), tag, Number(parameter('step')), Number(parameter('time')));
      if (!picture) return send(response, 404, 'text/plain', 'the picture is not there any more');
      return send(response, 200, pictureType(picture.bytes), picture.bytes);
    }
    case '/data/changes': {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      response.write(`data: ${data.version}\n\n`);
      listeners.add(response);
      response.on('close', () => listeners.delete(response));
      return;
    }
    default: {
      const file = await asset(pathname);
      if (!file) return send(response, 404, 'text/plain', 'not found');
      return send(response, 200, file.type, file.content);
    }
  }
}
const json = (response: ServerResponse, value: unknown): void => send(response, 200, 'application/json', JSON.stringify(value));
function send(response: ServerResponse, status: number, type: string, content: string | Uint8Array): void {
  const text = type.startsWith('image/') ? type : `${type}; charset=utf-8`;
  response.writeHead(status, {
    'Content-Type': text,
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
  response.end(content);
}
function pictureType(bytes: Uint8Array): string {
  if (bytes[0] === 0x89) return 'image/png';
  if (bytes[0] === 0xff) return 'image/jpeg';
  return bytes[0] === 0x47 ? 'image/gif' : 'image/webp';
}
