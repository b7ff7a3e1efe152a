// The graph of a run: groups open and close, the drawing moves and zooms, a click tells about a node.
import type { GraphBox, GraphDrawing, GraphEdge } from '../protocol.ts';
import type { App, View } from './app.ts';
import { h, svg } from './dom.ts';

const NO_GRAPH = { width: 0, height: 0, nodes: [], groups: [], edges: [] };

export const graph: View = {
  title: 'Graph',
  count: (index) => index.graphs.length,
  mount: (root, app) => {
    const canvas = new Canvas(app);
    root.append(canvas.element);
    return () => canvas.update();
  },
};

class Canvas {
  readonly element: HTMLElement;
  private readonly open = new Set<string>();
  private readonly runs = h('select', { 'aria-label': 'run', change: () => this.choose() });
  private readonly constants = h('input', { type: 'checkbox', change: () => void this.load() });
  private readonly details = h('div', { class: 'details', hidden: true });
  private readonly scene = svg('g');
  private readonly picture = svg('svg', { role: 'img', 'aria-label': 'graph' });
  private drawing: GraphDrawing = NO_GRAPH;
  /** Where the scene's origin is, and how large a pixel of it. */
  private view = { x: 0, y: 0, zoom: 1 };
  private isFitted = false;
  private chosen: string | null = null;

  constructor(private readonly app: App) {
    const arrow = svg('marker', {
      id: 'arrow',
      viewBox: '0 0 8 8',
      refX: 7,
      refY: 4,
      markerWidth: 8,
      markerHeight: 8,
      markerUnits: 'userSpaceOnUse',
      orient: 'auto',
    });
    arrow.append(svg('path', { d: 'M0 0L8 4L0 8z', fill: 'context-stroke' }));
    this.picture.append(svg('defs', {}, arrow), this.scene);
    const fit = h('button', { type: 'button', click: () => this.fit() }, 'Fit');
    const tools = h('div', { class: 'tools' }, this.runs, h('label', { class: 'row' }, this.constants, 'Parameters and constants'), fit);
    this.element = h('div', { class: 'graph' }, this.picture, tools, this.details);
    this.move();
  }
  update(): void {
    const { graphs } = this.app.index;
    const before = this.runs.value;
    this.runs.replaceChildren(...graphs.map((run) => h('option', { value: run, selected: run === before }, run)));
    void this.load();
  }
  private choose(): void {
    this.open.clear();
    this.isFitted = false;
    void this.load();
  }
  private async load(): Promise<void> {
    if (!this.runs.value) return;
    const query = { run: this.runs.value, open: [...this.open], constants: String(this.constants.checked) };
    this.drawing = await this.app.get<GraphDrawing>('graph', query);
    this.draw();
    if (!this.isFitted) this.fit();
    this.isFitted = true;
  }
  private draw(): void {
    const { groups, edges, nodes } = this.drawing;
    this.scene.replaceChildren(
      ...groups.map((group) => this.cluster(group)),
      ...edges.map((edge) => this.edge(edge)),
      ...nodes.map((node) => this.box(node)),
    );
    this.mark();
  }

  private cluster(group: GraphBox): SVGElement {
    const { x, y, width, height, label, id } = group;
    const toggle = (): void => this.toggle(group);
    return svg(
      'g',
      { class: 'box cluster', 'data-id': id, click: () => this.choosing(group), dblclick: toggle },
      rectangle(group, 10),
      svg('text', { x: x - width / 2 + 10, y: y - height / 2 + 13 }, label),
      svg('title', {}, `${id}: double click closes it`),
    );
  }
  private box(node: GraphBox): SVGElement {
    const { x, y, kind, label, id, count } = node;
    const isGroup = kind === 'group';
    return svg(
      'g',
      {
        class: `box ${kind}`,
        'data-id': id,
        tabindex: 0,
        role: 'button',
        'aria-label': label,
        click: () => this.choosing(node),
        dblclick: () => this.toggle(node),
        keydown: (event: KeyboardEvent) => event.key === 'Enter' && this.toggle(node),
      },
      rectangle(node, isGroup ? 8 : kind === 'io' ? 17 : 5),
      svg('text', { x, y }, isGroup ? `${label} +` : label),
      svg('title', {}, isGroup ? `${id}: ${count} operators; double click opens it` : id),
    );
  }
  private edge({ from, to, points, label }: GraphEdge): SVGElement {
    const [[x0, y0] = [0, 0], [x1, y1] = [0, 0]] = points;
    return svg(
      'g',
      { class: 'edge', 'data-from': from, 'data-to': to },
      svg('path', { d: curve(points), 'marker-end': 'url(#arrow)' }),
      svg('text', { x: 0.65 * x0 + 0.35 * x1, y: Math.min(0.65 * y0 + 0.35 * y1, y0 + 12) + 4 }, label),
    );
  }

  private toggle({ id, kind }: GraphBox): void {
    if (kind !== 'group') return;
    if (this.open.has(id)) this.open.delete(id);
    else this.open.add(id);
    void this.load();
  }
  private choosing({ id, details }: GraphBox): void {
    this.chosen = this.chosen === id ? null : id;
    this.details.hidden = this.chosen === null;
    const rows = Object.entries(details).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]);
    this.details.replaceChildren(h('dl', {}, ...rows));
    this.mark();
  }
  private mark(): void {
    for (const element of this.scene.children) {
      const { id, from, to } = (element as SVGElement).dataset;
      element.classList.toggle('chosen', this.chosen !== null && [id, from, to].includes(this.chosen));
    }
  }

  private move(): void {
    const { picture } = this;
    let last: readonly [number, number] | null = null;
    picture.addEventListener('pointerdown', (event) => {
      last = [event.clientX, event.clientY];
    });
    picture.addEventListener('pointermove', (event) => {
      if (!last || event.buttons !== 1) return;
      picture.classList.add('dragged');
      this.look(this.view.x + event.clientX - last[0], this.view.y + event.clientY - last[1], this.view.zoom);
      last = [event.clientX, event.clientY];
    });
    picture.addEventListener('pointerup', () => {
      last = null;
      picture.classList.remove('dragged');
    });
    picture.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        const { left, top } = picture.getBoundingClientRect();
        const [x, y] = [event.clientX - left, event.clientY - top];
        const zoom = Math.min(4, Math.max(0.05, this.view.zoom * Math.exp(-event.deltaY / 500)));
        const factor = zoom / this.view.zoom;
        this.look(x - (x - this.view.x) * factor, y - (y - this.view.y) * factor, zoom);
      },
      { passive: false },
    );
  }
  private look(x: number, y: number, zoom: number): void {
    this.view = { x, y, zoom };
    this.scene.setAttribute('transform', `translate(${x} ${y}) scale(${zoom})`);
  }
  /** Shows all of the graph, in its natural size at most. */
  private fit(): void {
    const { clientWidth, clientHeight } = this.picture;
    const { width, height } = this.drawing;
    if (width === 0 || clientWidth === 0) return;
    const zoom = Math.min(1.1, (clientWidth - 48) / width, (clientHeight - 96) / height);
    this.look((clientWidth - width * zoom) / 2, 64, zoom);
  }
}
function rectangle({ x, y, width, height }: GraphBox, rx: number): SVGElement {
  return svg('rect', { x: x - width / 2, y: y - height / 2, width, height, rx });
}
/** A smooth line through the points. */
function curve(points: GraphEdge['points']): string {
  const [first, ...rest] = points;
  if (!first) return '';
  if (rest.length < 2) return `M${first.join(' ')}${rest.map((p) => `L${p.join(' ')}`).join('')}`;
  const middles = rest.slice(0, -1).map((p, i) => [(p[0] + rest[i + 1]![0]) / 2, (p[1] + rest[i + 1]![1]) / 2] as const);
  const bends = rest.slice(0, -2).map((p, i) => `Q${p.join(' ')} ${middles[i]!.join(' ')}`);
  return `M${first.join(' ')}${bends.join('')}Q${rest.at(-2)!.join(' ')} ${rest.at(-1)!.join(' ')}`;
}
