// Elements, made and filled.
export type Child = Node | string | null;
type Attributes = Readonly<Record<string, string | number | boolean | null | ((event: never) => void)>>;

function fill(element: Element, attributes: Attributes, children: readonly Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value as unknown as EventListener);
    else if (typeof value === 'boolean') element.toggleAttribute(name, value);
    else if (value !== null) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
}
/** An element; functions among its attributes listen to the event of that name. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  fill(element, attributes, children);
  return element;
}
/** One of several, as buttons side by side. */
export function choice<T extends string>(
  label: string,
  options: Readonly<Record<T, string>>,
  chosen: T,
  choose: (option: T) => void,
): HTMLElement {
  const buttons = Object.entries<string>(options).map(([option, text]) =>
    h('button', { type: 'button', 'aria-pressed': String(option === chosen), 'data-option': option, click: () => pick(option as T) }, text),
  );
  const pick = (option: T): void => {
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.option === option));
    choose(option);
  };
  return h('div', { class: 'choice', role: 'group', 'aria-label': label }, ...buttons);
}

let tip: HTMLElement | null = null;
/** Shows a note at the pointer, or none. */
export function tooltip(content: Node | null, x = 0, y = 0): void {
  tip?.remove();
  tip = null;
  if (!content) return;
  tip = h('div', { class: 'tip' }, content);
  document.body.append(tip);
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${x + 16 + width > innerWidth ? x - 16 - width : x + 16}px`;
  tip.style.top = `${Math.min(y + 12, innerHeight - height - 8)}px`;
}
