// Cards in groups: one a tag, grouped by what stands before the tag's first slash.
import type { Tags } from '../protocol.ts';
import type { App } from './app.ts';
import { h } from './dom.ts';

export interface Card {
  readonly body: HTMLElement;
  /** Draws the card anew; it is called only while the card can be seen. */
  update(): void | Promise<void>;
}
interface Shown extends Card {
  readonly element: HTMLElement;
  isStale: boolean;
  isSeen: boolean;
}
const GROW = 'M4 9V4h5M20 15v5h-5M4 4l6 6M20 20l-6-6';

/**
 * Keeps a grid of cards for the tags that `tags` gives. Gives what to call after a change: cards that are there stay, and draw when they
 * are seen.
 */
export function cardGrid(root: HTMLElement, app: App, tags: () => Tags, make: (tag: string) => Card): () => void {
  const cards = new Map<string, Shown>();
  const groups = new Map<string, { readonly element: HTMLElement; readonly cards: HTMLElement; readonly count: HTMLElement }>();
  const nothing = h('p', { class: 'empty' }, 'No tag matches the filter, or no run that has any is chosen.');
  const draw = (card: Shown): void => {
    if (!card.isSeen || !card.isStale) return;
    card.isStale = false;
    void Promise.resolve(card.update()).catch((error: Error) => card.body.replaceChildren(h('p', { class: 'caption' }, error.message)));
  };
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const card = cards.get((target as HTMLElement).dataset.tag!);
        if (!card) continue;
        card.isSeen = isIntersecting;
        draw(card);
      }
    },
    { root: document.getElementById('main'), rootMargin: '200px' },
  );
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const card = cards.get((target as HTMLElement).dataset.tag!);
      if (card) {
        card.isStale = true;
        draw(card);
      }
    }
  });
  const groupOf = (tag: string): { readonly cards: HTMLElement } => {
    const name = tag.includes('/') ? tag.slice(0, tag.indexOf('/')) : tag;
    const known = groups.get(name);
    if (known) return known;
    const count = h('small');
    const element = h('section', { class: 'group' });
    const grid = h('div', { class: 'cards' });
    element.append(h('button', { type: 'button', click: () => element.classList.toggle('closed') }, name, count), grid);
    const group = { element, cards: grid, count };
    groups.set(name, group);
    root.append(element);
    return group;
  };
  const add = (tag: string): Shown => {
    const { body, update } = make(tag);
    const grow = h('button', { class: 'grow', type: 'button', title: 'Larger or smaller', 'aria-label': `Larger or smaller: ${tag}` });
    grow.innerHTML = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"><path d="${GROW}"/></svg>`;
    const element = h(
      'article',
      { class: 'card', 'data-tag': tag },
      h('h3', { title: tag }, tag.replace(/\/text_summary$/, '')),
      grow,
      body,
    );
    grow.addEventListener('click', () => element.classList.toggle('wide'));
    const card: Shown = { body, update, element, isStale: true, isSeen: false };
    cards.set(tag, card);
    observer.observe(element);
    sizes.observe(element);
    return card;
  };
  return () => {
    let shown = 0;
    for (const [tag, runs] of Object.entries(tags())) {
      const isWanted = app.passes(tag) && runs.some((run) => app.shows(run));
      const card = cards.get(tag) ?? (isWanted ? add(tag) : null);
      if (!card) continue;
      if (!card.element.parentElement) groupOf(tag).cards.append(card.element);
      card.element.hidden = !isWanted;
      card.isStale = true;
      if (isWanted) shown++;
      draw(card);
    }
    for (const { element, cards: grid, count } of groups.values()) {
      const there = [...grid.children].filter((child) => !(child as HTMLElement).hidden).length;
      element.hidden = there === 0;
      count.textContent = there === 1 ? '' : String(there);
    }
    if (shown === 0) root.append(nothing);
    else nothing.remove();
  };
}
