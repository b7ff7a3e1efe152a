// Texts, the newest first.
import type { Texts } from '../protocol.ts';
import type { View } from './app.ts';
import { cardGrid } from './cards.ts';
import { h } from './dom.ts';
import { clock, whole } from './format.ts';

export const text: View = {
  title: 'Text',
  count: (index) => Object.keys(index.text).length,
  mount: (root, app) =>
    cardGrid(
      root,
      app,
      () => app.index.text,
      (tag) => {
        const body = h('div', { class: 'text' });
        const update = async (): Promise<void> => {
          const data = await app.get<Texts>('text', { tag });
          const articles = Object.entries(data)
            .filter(([run]) => app.shows(run))
            .flatMap(([run, steps]) =>
              [...steps].reverse().map(({ step, time, html }) => {
                const content = h('div');
                content.innerHTML = html; // the server lets no HTML of a text through
                const head = h(
                  'div',
                  { class: 'caption', title: clock(time) },
                  h('span', { class: 'dot', style: `--run:${app.color(run)}` }),
                  `${run} · step ${whole(step)}`,
                );
                return h('article', {}, head, content);
              }),
            );
          body.replaceChildren(...articles);
        };
        return { body, update };
      },
    ),
};
