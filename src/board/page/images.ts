// Images: one card a tag, one picture a run, with a slider over the steps.
import type { ImageStep, Images } from '../protocol.ts';
import type { App, View } from './app.ts';
import { cardGrid } from './cards.ts';
import { h } from './dom.ts';
import { clock, whole } from './format.ts';

/** Below this many pixels a picture is enlarged without smoothing. */
const SMALL = 200;

export const images: View = {
  title: 'Images',
  count: (index) => Object.keys(index.images).length,
  mount: (root, app) =>
    cardGrid(
      root,
      app,
      () => app.index.images,
      (tag) => {
        const body = h('div');
        const films = new Map<string, Film>();
        return { body, update: async () => update(body, app, films, await app.get<Images>('images', { tag })) };
      },
    ),
};
function update(body: HTMLElement, app: App, films: Map<string, Film>, data: Images): void {
  const shown = Object.entries(data).filter(([run, steps]) => app.shows(run) && steps.length > 0);
  const elements = shown.map(([run, steps]) => {
    const film = films.get(run) ?? new Film(run, app.color(run));
    films.set(run, film);
    film.show(steps);
    return film.element;
  });
  if (elements.some((element, i) => body.children[i] !== element) || body.children.length !== elements.length)
    body.replaceChildren(...elements);
}

/** The pictures of a run. The slider follows the newest one until it is moved. */
class Film {
  readonly element: HTMLElement;
  private readonly image = h('img', { alt: '' });
  private readonly slider = h('input', { type: 'range', min: 0, step: 1, 'aria-label': 'step' });
  private readonly caption = h('span');
  private steps: readonly ImageStep[] = [];
  private isAtEnd = true;

  constructor(run: string, color: string) {
    this.slider.addEventListener('input', () => {
      this.isAtEnd = Number(this.slider.value) === this.steps.length - 1;
      this.turn();
    });
    const name = h('div', { class: 'caption row' }, h('span', { class: 'dot', style: `--run:${color}` }), run, this.caption);
    this.element = h('div', {}, name, h('div', { class: 'picture' }, this.image), this.slider);
  }
  show(steps: readonly ImageStep[]): void {
    this.steps = steps;
    this.slider.max = String(steps.length - 1);
    if (this.isAtEnd) this.slider.value = String(steps.length - 1);
    this.slider.hidden = steps.length === 1;
    this.turn();
  }
  private turn(): void {
    const step = this.steps[Math.min(Number(this.slider.value), this.steps.length - 1)]!;
    if (this.image.getAttribute('src') !== step.url) this.image.src = step.url;
    this.image.classList.toggle('small', Math.max(step.width, step.height) < SMALL);
    this.image.alt = `step ${step.step}`;
    this.caption.textContent = `step ${whole(step.step)} · ${step.width} × ${step.height}`;
    this.caption.title = clock(step.time);
  }
}
