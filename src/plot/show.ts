// plt.show(): the figures in a tab of the browser.
import { builtin, environment } from '../core/host.ts';
import type { Figure } from './figure.ts';

interface Page {
  createElement(tag: string): { innerHTML: string };
  readonly body: { appendChild(element: object): void };
}
/** The command that opens a file, or why there is none. */
function opener(platform: string): { command: string; args: string[] } | string {
  if (platform === 'darwin') return { command: 'open', args: [] };
  if (platform === 'win32') return { command: 'cmd', args: ['/c', 'start', ''] };
  if (environment('DISPLAY') === '' && environment('WAYLAND_DISPLAY') === '') return 'there is no display';
  return { command: environment('BROWSER') || 'xdg-open', args: [] };
}
/** Figures that are text, one below the other, as a page. */
const pageOf = (svgs: readonly string[]): string =>
  `<!doctype html><meta charset="utf-8"><title>Figures</title><style>body{margin:1em;text-align:center;background:#fff}svg{max-width:100%;height:auto}</style>\n${svgs.join('\n')}\n`;

/** Shows figures: in a page below what it holds, elsewhere in a new tab. Where no browser is, a message says so. */
export async function showFigures(figures: readonly Figure[]): Promise<void> {
  const { document } = globalThis as { document?: Page };
  if (document) {
    for (const figure of figures)
      document.body.appendChild(Object.assign(document.createElement('div'), { innerHTML: await figure.to_svg() }));
    return;
  }
  const open = opener(process.platform);
  if (typeof open === 'string') {
    console.warn(`plt.show: ${open}, so no figure is shown; fig.savefig writes it to a file`);
    return;
  }
  const [fs, os, path, child] = [
    builtin<typeof import('node:fs')>('fs')!,
    builtin<typeof import('node:os')>('os')!,
    builtin<typeof import('node:path')>('path')!,
    builtin<typeof import('node:child_process')>('child_process')!,
  ];
  const svgs = await Promise.all(figures.map((figure) => figure.to_svg()));
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'flambeau-plot-')), 'figures.html');
  fs.writeFileSync(file, pageOf(svgs));
  await new Promise<void>((resolve) => {
    const started = child.spawn(open.command, [...open.args, file], { detached: true, stdio: 'ignore' });
    started.on('error', (e) => {
      console.warn(`plt.show: no browser could be started (${e.message}); the figures are in ${file}`);
      resolve();
    });
    started.on('spawn', () => {
      started.unref();
      resolve();
    });
  });
}
