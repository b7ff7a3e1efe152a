// A graph as it is drawn: groups by scope, closed ones as one box, laid out in layers.
import { Graph, layout } from '@dagrejs/dagre';
import type { GraphDef, NodeDef } from '../utils/tensorboard/generated/tensorboard_pb.ts';
import type { GraphBox, GraphDrawing, GraphEdge } from './protocol.ts';

/** What a graph is full of and seldom asked for. */
const CONSTANTS = new Set(['prim::Constant', 'prim::ListConstruct', 'prim::GetAttr', 'Const', 'NoOp']);
const CHARACTER = 7.2;
const LINE = 20;
const PADDING = 22;

/** A scope, or a node where there are no children. */
interface Scope {
  readonly id: string;
  readonly name: string;
  readonly children: Map<string, Scope>;
  node: NodeDef | null;
  /** Nodes inside. */
  count: number;
}
export interface GraphOptions {
  /** Groups that are open, by their paths; the outermost one is always open. */
  readonly open: ReadonlySet<string>;
  /** Whether parameters, constants and lists are drawn. */
  readonly constants: boolean;
}

/** Lays out the visible part of a graph. */
export function drawGraph({ node: nodes }: GraphDef, { open, constants }: GraphOptions): GraphDrawing {
  const shown = nodes.filter(({ op }) => constants || !CONSTANTS.has(op));
  const root = scopesOf(shown);
  const isOpen = (scope: Scope): boolean => scope === root || open.has(scope.id) || isOnlyScope(root, scope);
  const visible = new Map<string, Scope>();
  const groups: Scope[] = [];
  const graph = new Graph<{ rankdir: string; ranksep: number; nodesep: number }, Size, EdgeLabel>({ compound: true });
  graph.setGraph({ rankdir: 'TB', ranksep: 46, nodesep: 26 });
  graph.setDefaultEdgeLabel(() => ({ text: '', count: 0 }));
  const place = (scope: Scope, parent: Scope | null): void => {
    if (scope.children.size > 0 && isOpen(scope)) {
      if (scope !== root) {
        groups.push(scope);
        graph.setNode(scope.id, { width: 0, height: 0 });
        if (parent && parent !== root) graph.setParent(scope.id, parent.id);
      }
      for (const child of scope.children.values()) place(child, scope);
      return;
    }
    visible.set(scope.id, scope);
    graph.setNode(scope.id, sizeOf(scope));
    if (parent && parent !== root) graph.setParent(scope.id, parent.id);
  };
  place(root, null);

  const boxOf = (name: string): string | null => {
    const parts = name.split('/');
    for (let n = 1; n <= parts.length; n++) {
      const id = parts.slice(0, n).join('/');
      if (visible.has(id)) return id;
    }
    return null;
  };
  const byName = new Map(nodes.map((node) => [node.name, node]));
  for (const node of shown)
    for (const input of node.input) {
      const name = producer(input);
      const [from, to] = [boxOf(name), boxOf(node.name)];
      if (from === null || to === null || from === to || !byName.has(name)) continue;
      const known = (graph.edge(from, to) as EdgeLabel | undefined) ?? { text: '', count: 0 };
      graph.setEdge(from, to, { text: known.count === 0 ? shapeText(byName.get(name)!) : known.text, count: known.count + 1 });
    }
  if (visible.size > 0) layout(graph);
  return drawing(graph, [...visible.values()], groups);
}

interface Size {
  readonly width: number;
  readonly height: number;
}
interface EdgeLabel {
  readonly text: string;
  readonly count: number;
}
/** `^name` is an edge of control, `name:1` a second result. */
const producer = (input: string): string => input.replace(/^\^/, '').replace(/:\d+$/, '');

function scopesOf(nodes: readonly NodeDef[]): Scope {
  const scope = (id: string): Scope => ({ id, name: id.slice(id.lastIndexOf('/') + 1), children: new Map(), node: null, count: 0 });
  const root = scope('');
  for (const node of nodes) {
    let at = root;
    at.count++;
    const parts = node.name.split('/');
    parts.forEach((part, i) => {
      const child = at.children.get(part) ?? scope(parts.slice(0, i + 1).join('/'));
      at.children.set(part, child);
      child.count++;
      at = child;
    });
    at.node = node;
  }
  return merged(root);
}
/** Inputs, outputs and parameters stand in a scope of their own: without company they are drawn as what they are. */
function merged(scope: Scope): Scope {
  for (const [key, child] of scope.children) {
    merged(child);
    const [only] = child.children.values();
    if (child.children.size === 1 && only!.children.size === 0 && !child.node && !child.name.includes('['))
      scope.children.set(key, { ...child, node: only!.node, children: new Map() });
  }
  return scope;
}
/** The one scope that everything but inputs and outputs lies in is no news. */
function isOnlyScope(root: Scope, scope: Scope): boolean {
  const scopes = [...root.children.values()].filter(({ children }) => children.size > 0);
  return scopes.length === 1 && scopes[0] === scope;
}

/** A group and a parameter have names of their own, an operator that of its operation. */
function labelOf({ name, node, children }: Scope): string {
  const isNamed = children.size > 0 || !node || isIO(node) || node.op === 'prim::GetAttr';
  return isNamed ? name : (node.op.split('::').at(-1) ?? name);
}
const isIO = ({ op }: NodeDef): boolean => op === 'IO Node' || op === 'Placeholder' || op === 'Parameter';
function sizeOf(scope: Scope): Size {
  const height = LINE + 14;
  return { width: Math.max(64, labelOf(scope).length * CHARACTER + 2 * PADDING), height: scope.children.size > 0 ? height + 8 : height };
}
function kindOf({ node, children }: Scope): GraphBox['kind'] {
  if (children.size > 0 || !node) return 'group';
  if (isIO(node)) return 'io';
  return CONSTANTS.has(node.op) ? 'constant' : 'operator';
}
function shapeText(node: NodeDef): string {
  const shapes = node.attr._output_shapes?.value;
  const [shape] = shapes?.case === 'list' ? shapes.value.shape : [];
  return shape ? shape.dim.map(({ size }) => size).join('×') || 'scalar' : '';
}
function detailsOf({ id, node, count, children }: Scope): Record<string, string> {
  if (children.size > 0 || !node) return { name: id, nodes: String(count) };
  const text = node.attr.attr?.value;
  const attributes = text?.case === 's' ? new TextDecoder().decode(text.value) : '';
  const shape = shapeText(node);
  return {
    name: node.name,
    operation: node.op,
    ...(shape && { shape }),
    ...(attributes && attributes !== '{}' && { attributes }),
    ...(node.device && { device: node.device }),
    ...(node.input.length > 0 && { inputs: node.input.join('\n') }),
  };
}

function drawing(graph: Graph<object, Size, EdgeLabel>, visible: readonly Scope[], groups: readonly Scope[]): GraphDrawing {
  const box = (scope: Scope): GraphBox => {
    const { x = 0, y = 0, width, height } = graph.node(scope.id) as Size & { x?: number; y?: number };
    const { id, count } = scope;
    return { id, label: labelOf(scope), kind: kindOf(scope), x, y, width, height, count, details: detailsOf(scope) };
  };
  /** Room for a group's name above what is in it. */
  const group = (scope: Scope): GraphBox => {
    const inner = box(scope);
    return { ...inner, y: inner.y - LINE / 2, height: inner.height + LINE };
  };
  const edges = graph.edges().map(({ v, w }: { v: string; w: string }): GraphEdge => {
    const { points = [], text, count } = graph.edge(v, w) as EdgeLabel & { points?: { x: number; y: number }[] };
    return { from: v, to: w, points: points.map(({ x, y }) => [x, y] as const), label: count > 1 ? `${count} tensors` : text };
  });
  const { width = 0, height = 0 } = (graph.graph() ?? {}) as { width?: number; height?: number };
  return { width, height, nodes: visible.map(box), groups: groups.map(group), edges };
}
