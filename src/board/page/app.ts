// What all views share: the index, which runs are chosen, settings, and how data are fetched.
import type { Index } from '../protocol.ts';

export interface Settings {
  /** 0: none, towards 1: more. */
  smoothing: number;
  axis: 'step' | 'relative' | 'wall';
  logarithmic: boolean;
  /** What tags must contain, as a regular expression. */
  filter: string;
}
/** A view of one kind of data. */
export interface View {
  readonly title: string;
  /** How many things there are to see. */
  count(index: Index): number;
  /** Fills `root`; what it gives is called whenever data, runs or settings changed. */
  mount(root: HTMLElement, app: App): () => void;
}

const COLORS = ['#e8590c', '#1c7ed6', '#2f9e44', '#9c36b5', '#c2255c', '#0c8599', '#f08c00', '#5f3dc4', '#66a80f', '#868e96'];
const STORED = 'flambeau-board';

export class App {
  readonly settings: Settings = { smoothing: 0.6, axis: 'step', logarithmic: false, filter: '' };
  /** Runs that are not shown. */
  readonly hidden = new Set<string>();
  private readonly fetched = new Map<string, { readonly version: number; readonly value: Promise<unknown> }>();

  constructor(public index: Index) {
    try {
      const { hidden = [], ...settings } = JSON.parse(localStorage.getItem(STORED) ?? '{}') as Partial<Settings> & { hidden?: string[] };
      Object.assign(this.settings, settings, { filter: '' });
      for (const run of hidden) this.hidden.add(run);
    } catch {
      // Settings of another version are not worth a message.
    }
  }
  store(): void {
    localStorage.setItem(STORED, JSON.stringify({ ...this.settings, hidden: [...this.hidden] }));
  }
  color(run: string): string {
    return COLORS[Math.max(0, this.index.runs.indexOf(run)) % COLORS.length]!;
  }
  shows(run: string): boolean {
    return !this.hidden.has(run);
  }
  /** Whether a tag passes the filter; a filter that is no regular expression is plain text. */
  passes(tag: string): boolean {
    const { filter } = this.settings;
    try {
      return new RegExp(filter, 'i').test(tag);
    } catch {
      return tag.toLowerCase().includes(filter.toLowerCase());
    }
  }
  /** Data of the present version; fetched once. */
  get<T>(path: string, query: Readonly<Record<string, string | readonly string[]>> = {}): Promise<T> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) for (const item of [value].flat()) parameters.append(name, item as string);
    const url = `data/${path}?${parameters}`;
    const known = this.fetched.get(url);
    if (known?.version === this.index.version) return known.value as Promise<T>;
    const value = fetchJson<T>(url);
    this.fetched.set(url, { version: this.index.version, value });
    return value;
  }
}
export async function fetchJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as T;
}
