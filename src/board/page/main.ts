// The dashboard's page: tabs, runs, settings, and the view of the chosen tab, which follows the files as they grow.
import type { Index } from '../protocol.ts';
import { App, fetchJson, type View } from './app.ts';
import { curves } from './curves.ts';
import { choice, h, tooltip } from './dom.ts';
import { graph } from './graph.ts';
import { histograms } from './histograms.ts';
import { hparams } from './hparams.ts';
import { images } from './images.ts';
import { scalars } from './scalars.ts';
import { text } from './text.ts';

const VIEWS: Readonly<Record<string, View>> = { scalars, histograms, images, graph, text, hparams, curves };
const element = (id: string): HTMLElement => document.getElementById(id)!;

class Page {
  private update: () => void = () => {};
  private tab = '';
  private tabsShown = '';
  private runsShown = '';

  constructor(private readonly app: App) {
    addEventListener('hashchange', () => this.show());
  }
  /** Takes in that the index, the runs or the settings changed. */
  refresh(): void {
    const { index } = this.app;
    document.title = `${index.runs.length ? `${index.logdir.split(/[/\\]/).at(-1)} · ` : ''}Flambeau board`;
    this.drawTabs();
    this.drawSide();
    this.show();
    this.update();
  }
  private get views(): [string, View][] {
    return Object.entries(VIEWS).filter(([, view]) => view.count(this.app.index) > 0);
  }
  private drawTabs(): void {
    const names = this.views.map(([name]) => name).join();
    if (names === this.tabsShown) return;
    this.tabsShown = names;
    const buttons = this.views.map(([name, { title }]) =>
      h('button', { type: 'button', role: 'tab', 'data-tab': name, click: () => location.assign(`#${name}`) }, title),
    );
    element('tabs').replaceChildren(...buttons);
    this.tab = '';
  }
  /** Shows the tab that the address names, or the first one with data. */
  private show(): void {
    const wanted = location.hash.slice(1);
    const [name, view] = this.views.find(([known]) => known === wanted) ?? this.views[0] ?? ['', null];
    if (name === this.tab && name !== '') return;
    this.tab = name;
    tooltip(null);
    for (const button of element('tabs').children)
      button.setAttribute('aria-selected', String((button as HTMLElement).dataset.tab === name));
    const main = element('main');
    main.replaceChildren();
    this.update = view ? view.mount(main, this.app) : () => main.replaceChildren(nothing(this.app.index));
    this.update();
  }
  private drawSide(): void {
    const { index, settings } = this.app;
    const key = JSON.stringify([index.runs, index.problems]);
    if (key === this.runsShown) return;
    this.runsShown = key;
    const change = (): void => {
      this.app.store();
      this.update();
    };
    const filter = h('input', {
      type: 'search',
      placeholder: 'Filter tags',
      title: 'Text or a regular expression',
      'aria-label': 'Filter tags',
      value: settings.filter,
    });
    filter.addEventListener('input', () => {
      settings.filter = filter.value;
      change();
    });
    const amount = h('output', {}, settings.smoothing.toFixed(2));
    const smoothing = h('input', { type: 'range', min: 0, max: 0.99, step: 0.01, value: settings.smoothing, 'aria-label': 'Smoothing' });
    smoothing.addEventListener('input', () => {
      settings.smoothing = Number(smoothing.value);
      amount.textContent = settings.smoothing.toFixed(2);
      change();
    });
    const logarithmic = h('input', { type: 'checkbox', checked: settings.logarithmic });
    logarithmic.addEventListener('change', () => {
      settings.logarithmic = logarithmic.checked;
      change();
    });
    const axis = choice('Horizontal axis', { step: 'Step', relative: 'Relative', wall: 'Time' }, settings.axis, (chosen) => {
      settings.axis = chosen;
      change();
    });
    element('side').replaceChildren(
      h('section', {}, filter),
      h('section', {}, h('h2', {}, 'Runs'), ...index.runs.map((run) => this.runRow(run, change))),
      h('section', {}, h('h2', {}, 'Smoothing'), h('div', { class: 'row' }, smoothing, amount)),
      h('section', {}, h('h2', {}, 'Horizontal axis'), axis),
      h('section', {}, h('label', { class: 'row' }, logarithmic, 'Logarithmic scale')),
      ...index.problems.map((problem) => h('p', { class: 'problem caption' }, problem)),
    );
  }
  private runRow(run: string, change: () => void): HTMLElement {
    const { hidden } = this.app;
    const box = h('input', { type: 'checkbox', checked: this.app.shows(run), style: `--run:${this.app.color(run)}` });
    box.addEventListener('change', () => {
      if (box.checked) hidden.delete(run);
      else hidden.add(run);
      change();
    });
    return h('label', { class: 'row run', title: run }, box, h('span', {}, run));
  }
}
const nothing = ({ logdir }: Index): HTMLElement =>
  h(
    'div',
    { class: 'empty' },
    h('p', {}, `There are no event files in ${logdir} yet. This page shows them when they come.`),
    h('pre', {}, "const writer = new SummaryWriter('runs/one');\nwriter.add_scalar('loss', 0.5, 1);\nwriter.close();"),
  );

async function begin(): Promise<void> {
  const app = new App(await fetchJson<Index>('data/index'));
  const page = new Page(app);
  page.refresh();
  const live = element('live');
  live.textContent = app.index.logdir;
  live.title = app.index.logdir;
  const changes = new EventSource('data/changes');
  changes.onopen = () => live.classList.remove('lost');
  changes.onerror = () => live.classList.add('lost');
  changes.onmessage = async ({ data }: MessageEvent<string>) => {
    if (Number(data) === app.index.version) return;
    app.index = await fetchJson<Index>('data/index');
    page.refresh();
  };
}
await begin();
