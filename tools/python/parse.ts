// Python source to the tree of ast.ts. The grammar is @lezer/python's; this file only gives its nodes their shape.
import { parser } from '@lezer/python';
import type { Argument, Clause, Expr, FStringPart, Parameter, Statement } from './ast.ts';
import { completeFloats, numberLiteral, stringParts, unescapeString } from './literals.ts';
import { ELLIPSIS, PyError, Unsupported } from './values.ts';

type Node = ReturnType<typeof parser.parse>['topNode'];

/** The statements of a piece of Python. */
export function parse(source: string): readonly Statement[] {
  const text = `${completeFloats(source)}\n`;
  const tree = parser.parse(text);
  tree.iterate({
    enter(node) {
      if (node.type.isError)
        throw new PyError('SyntaxError', `invalid syntax: ${text.slice(Math.max(0, node.from - 20), node.to + 20).trim()}`);
    },
  });
  return new Reader(text).statements(children(tree.topNode));
}

function children(node: Node): Node[] {
  const found: Node[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) if (child.name !== 'Comment') found.push(child);
  return found;
}

/** The nodes between separators: `a, b` is [[a], [b]]. */
function split(nodes: readonly Node[], separator: string): Node[][] {
  const groups: Node[][] = [[]];
  for (const node of nodes) {
    if (node.name === separator) groups.push([]);
    else groups.at(-1)!.push(node);
  }
  return groups.filter((group) => group.length > 0);
}
const named = (nodes: readonly Node[], name: string): number => nodes.findIndex((n) => n.name === name);
const inner = (node: Node): Node[] => children(node).slice(1, -1);

class Reader {
  constructor(private readonly source: string) {}

  private text(node: Node): string {
    return this.source.slice(node.from, node.to);
  }

  // ------------------------------------------------------------------ statements

  statements(nodes: readonly Node[]): Statement[] {
    return nodes.flatMap((node) =>
      node.name === 'StatementGroup' ? this.statements(children(node).filter((n) => n.name !== ';')) : [this.statement(node)],
    );
  }

  private body(node: Node): Statement[] {
    return this.statements(children(node).slice(1));
  }

  private statement(node: Node): Statement {
    const parts = children(node);
    switch (node.name) {
      case 'ExpressionStatement':
        return { kind: 'expression', value: this.sequence(parts) };
      case 'AssignStatement':
        return this.assign(parts);
      case 'UpdateStatement': {
        const at = named(parts, 'UpdateOp');
        return {
          kind: 'update',
          op: this.text(parts[at]!).slice(0, -1),
          target: this.sequence(parts.slice(0, at)),
          value: this.sequence(parts.slice(at + 1)),
        };
      }
      case 'DeleteStatement':
        return { kind: 'delete', targets: this.list(parts.slice(1)) };
      case 'PassStatement':
        return { kind: 'pass' };
      case 'BreakStatement':
        return { kind: 'break' };
      case 'ContinueStatement':
        return { kind: 'continue' };
      case 'ReturnStatement':
        return { kind: 'return', value: parts.length > 1 ? this.sequence(parts.slice(1)) : null };
      case 'RaiseStatement':
        return { kind: 'raise', value: parts.length > 1 ? this.expression(parts[1]!) : null };
      case 'AssertStatement': {
        const [test, message] = this.list(parts.slice(1));
        return { kind: 'assert', test: test!, message: message ?? null };
      }
      case 'ScopeStatement':
        return {
          kind: 'scope',
          where: parts[0]!.name as 'global' | 'nonlocal',
          names: parts
            .slice(1)
            .filter((n) => n.name === 'VariableName')
            .map((n) => this.text(n)),
        };
      case 'ImportStatement':
        return this.import(parts);
      case 'IfStatement':
        return { kind: 'if', branches: this.branches(parts) };
      case 'WhileStatement':
        return { kind: 'while', test: this.expression(parts[1]!), body: this.body(parts[2]!), otherwise: this.otherwise(parts) };
      case 'ForStatement': {
        const at = named(parts, 'in');
        const body = named(parts, 'Body');
        return {
          kind: 'for',
          target: this.sequence(parts.slice(1, at)),
          iterable: this.sequence(parts.slice(at + 1, body)),
          body: this.body(parts[body]!),
          otherwise: this.otherwise(parts),
        };
      }
      case 'WithStatement':
        return this.with(parts);
      case 'TryStatement':
        return this.try(parts);
      case 'FunctionDefinition':
        return this.functionDefinition(parts, []);
      case 'ClassDefinition':
        return this.classDefinition(parts, []);
      case 'DecoratedStatement': {
        const decorators = parts.slice(0, -1).map((n) => this.decorator(n));
        const definition = parts.at(-1)!;
        return definition.name === 'ClassDefinition'
          ? this.classDefinition(children(definition), decorators)
          : this.functionDefinition(children(definition), decorators);
      }
      default:
        throw new Unsupported(`the evaluator has no ${node.name}`);
    }
  }

  private assign(parts: readonly Node[]): Statement {
    const [first, ...rest] = split(
      parts.filter((n) => n.name !== 'TypeDef'),
      'AssignOp',
    ).map((group) => this.sequence(group));
    if (rest.length === 0) return { kind: 'pass' };
    return { kind: 'assign', targets: [first!, ...rest.slice(0, -1)], value: rest.at(-1)! };
  }

  private dotted(nodes: readonly Node[]): string {
    return nodes.map((n) => this.text(n)).join('');
  }

  private import(parts: readonly Node[]): Statement {
    const names = (nodes: readonly Node[]): { name: string; as: string }[] =>
      split(
        nodes.filter((n) => n.name !== '(' && n.name !== ')'),
        ',',
      ).map((group) => {
        const at = named(group, 'as');
        const name = this.dotted(at < 0 ? group : group.slice(0, at));
        return { name, as: at < 0 ? name : this.text(group.at(-1)!) };
      });
    if (parts[0]!.name === 'from') {
      const at = named(parts, 'import');
      return { kind: 'from', module: this.dotted(parts.slice(1, at)), names: names(parts.slice(at + 1)) };
    }
    const all = names(parts.slice(1));
    if (all.length !== 1) throw new Unsupported('the evaluator imports one module a statement');
    return { kind: 'import', module: all[0]!.name, as: all[0]!.as === all[0]!.name ? null : all[0]!.as };
  }

  private branches(parts: readonly Node[]): { test: Expr | null; body: Statement[] }[] {
    const found: { test: Expr | null; body: Statement[] }[] = [];
    parts.forEach((node, i) => {
      if (node.name === 'Body')
        found.push({ test: parts[i - 1]!.name === 'else' ? null : this.expression(parts[i - 1]!), body: this.body(node) });
    });
    return found;
  }

  private otherwise(parts: readonly Node[]): Statement[] {
    const at = named(parts, 'else');
    return at < 0 ? [] : this.body(parts[at + 1]!);
  }

  private with(parts: readonly Node[]): Statement {
    const items = split(parts.slice(1, -1), ',').map(([context, , as]) => ({
      context: this.expression(context!),
      as: as ? this.expression(as) : null,
    }));
    return { kind: 'with', items, body: this.body(parts.at(-1)!) };
  }

  private try(parts: readonly Node[]): Statement {
    const handlers: { type: Expr | null; as: string | null; body: Statement[] }[] = [];
    let last: Statement[] = [];
    parts.forEach((node, i) => {
      if (node.name === 'finally') last = this.body(parts[i + 1]!);
      if (node.name !== 'except') return;
      const head = parts.slice(i + 1, i + 1 + parts.slice(i + 1).findIndex((n) => n.name === 'Body'));
      const as = named(head, 'as');
      handlers.push({
        type: head.length ? this.expression(head[0]!) : null,
        as: as < 0 ? null : this.text(head[as + 1]!),
        body: this.body(parts[i + 1 + head.length]!),
      });
    });
    return { kind: 'try', body: this.body(parts[1]!), handlers, otherwise: this.otherwise(parts), finally: last };
  }

  private decorator(node: Node): Expr {
    const parts = children(node).slice(1);
    const call = parts.at(-1)!.name === 'ArgList' ? parts.pop()! : null;
    let value: Expr = { kind: 'name', id: this.text(parts[0]!) };
    for (const part of parts.slice(1)) if (part.name !== '.') value = { kind: 'attribute', object: value, name: this.text(part) };
    return call ? { kind: 'call', callee: value, args: this.args(call) } : value;
  }

  private functionDefinition(parts: readonly Node[], decorators: readonly Expr[]): Statement {
    if (parts[0]!.name === 'async') throw new Unsupported('the evaluator has no async functions');
    return {
      kind: 'def',
      name: this.text(parts[named(parts, 'VariableName')]!),
      params: this.params(inner(parts[named(parts, 'ParamList')]!)),
      body: this.body(parts.at(-1)!),
      decorators,
    };
  }

  private classDefinition(parts: readonly Node[], decorators: readonly Expr[]): Statement {
    const bases = parts[named(parts, 'ArgList')];
    return { kind: 'class', name: this.text(parts[1]!), bases: bases ? this.args(bases) : [], body: this.body(parts.at(-1)!), decorators };
  }

  private params(nodes: readonly Node[]): Parameter[] {
    const found: Parameter[] = [];
    let keywordOnly = false;
    for (const group of split(
      nodes.filter((n) => n.name !== 'TypeDef'),
      ',',
    )) {
      const [first] = group;
      if (first!.name === '/') continue;
      const star = first!.name === '*' || first!.name === '**' ? first!.name : '';
      if (star === '*') keywordOnly = true;
      const name = group[star ? 1 : 0];
      if (!name) continue;
      const at = named(group, 'AssignOp');
      found.push({
        name: this.text(name),
        kind: star || (keywordOnly ? 'keyword-only' : 'plain'),
        default: at < 0 ? null : this.expression(group[at + 1]!),
      });
    }
    return found;
  }

  // ------------------------------------------------------------------ expressions

  /** Comma-separated expressions: one without a comma is itself, else a tuple. */
  private sequence(nodes: readonly Node[]): Expr {
    const items = this.list(nodes);
    return items.length === 1 && named(nodes, ',') < 0 && items[0]!.kind !== 'starred' ? items[0]! : { kind: 'tuple', items };
  }

  private list(nodes: readonly Node[]): Expr[] {
    return split(nodes, ',').map((group) =>
      group[0]!.name === '*' ? { kind: 'starred', value: this.expression(group[1]!) } : this.expression(group[0]!),
    );
  }

  private expression(node: Node): Expr {
    const parts = children(node);
    switch (node.name) {
      case 'VariableName':
        return { kind: 'name', id: this.text(node) };
      case 'Number':
        return { kind: 'constant', value: numberLiteral(this.text(node)) };
      case 'Boolean':
        return { kind: 'constant', value: this.text(node) === 'True' };
      case 'None':
        return { kind: 'constant', value: null };
      case 'Ellipsis':
        return { kind: 'constant', value: ELLIPSIS };
      case 'String':
      case 'FormatString':
      case 'ContinuedString':
        return this.string(node);
      case 'ParenthesizedExpression':
        return this.expression(parts[1]!);
      case 'NamedExpression':
        return { kind: 'named', id: this.text(parts[0]!), value: this.expression(parts[2]!) };
      case 'TupleExpression':
        return { kind: 'tuple', items: this.list(inner(node)) };
      case 'ArrayExpression':
        return { kind: 'list', items: this.list(inner(node)) };
      case 'SetExpression':
        return { kind: 'set', items: this.list(inner(node)) };
      case 'DictionaryExpression':
        return {
          kind: 'dict',
          entries: split(inner(node), ',').map((group) =>
            group[0]!.name === '**'
              ? { key: null, value: this.expression(group[1]!) }
              : { key: this.expression(group[0]!), value: this.expression(group[2]!) },
          ),
        };
      case 'ArrayComprehensionExpression':
        return this.comprehension('list', inner(node));
      case 'SetComprehensionExpression':
        return this.comprehension('set', inner(node));
      case 'DictionaryComprehensionExpression':
        return this.comprehension('dict', inner(node));
      case 'ComprehensionExpression':
        return this.comprehension('generator', inner(node));
      case 'MemberExpression':
        return this.member(parts);
      case 'CallExpression':
        return { kind: 'call', callee: this.expression(parts[0]!), args: this.args(parts[1]!) };
      case 'UnaryExpression':
        return { kind: 'unary', op: this.text(parts[0]!), operand: this.expression(parts[1]!) };
      case 'BinaryExpression':
        return this.binary(parts);
      case 'ConditionalExpression':
        return {
          kind: 'conditional',
          test: this.expression(parts[2]!),
          whenTrue: this.expression(parts[0]!),
          otherwise: this.expression(parts[4]!),
        };
      case 'LambdaExpression':
        return { kind: 'lambda', params: this.params(children(parts[named(parts, 'ParamList')]!)), body: this.expression(parts.at(-1)!) };
      default:
        throw new Unsupported(`the evaluator has no ${node.name}`);
    }
  }

  private binary(parts: readonly Node[]): Expr {
    const [left, right] = [parts[0]!, parts.at(-1)!];
    const operator = parts.slice(1, -1);
    const op = operator.map((n) => this.text(n)).join(' ');
    if (op === 'and' || op === 'or') return { kind: 'logical', op, left: this.expression(left), right: this.expression(right) };
    if (operator[0]!.name === 'ArithOp' || operator[0]!.name === 'BitOp')
      return { kind: 'binary', op, left: this.expression(left), right: this.expression(right) };
    const first = this.expression(left);
    const link = { op, right: this.expression(right) };
    // The grammar nests a < b < c to the left; in parentheses the left comparison is a value of its own.
    return first.kind === 'compare' && left.name === 'BinaryExpression'
      ? { ...first, rest: [...first.rest, link] }
      : { kind: 'compare', left: first, rest: [link] };
  }

  private member(parts: readonly Node[]): Expr {
    const object = this.expression(parts[0]!);
    if (parts[1]!.name === '.') return { kind: 'attribute', object, name: this.text(parts[2]!) };
    const subscripts = parts.slice(2, -1);
    const items = split(subscripts, ',').map((group) => this.subscript(group));
    return { kind: 'subscript', object, index: items.length === 1 && named(subscripts, ',') < 0 ? items[0]! : { kind: 'tuple', items } };
  }

  private subscript(group: readonly Node[]): Expr {
    if (named(group, ':') < 0)
      return group[0]!.name === '*' ? { kind: 'starred', value: this.expression(group[1]!) } : this.expression(group[0]!);
    const bounds: (Expr | null)[] = [null, null, null];
    let at = 0;
    for (const node of group) {
      if (node.name === ':') at++;
      else bounds[at] = this.expression(node);
    }
    return { kind: 'slice', start: bounds[0]!, stop: bounds[1]!, step: bounds[2]! };
  }

  private args(node: Node): Argument[] {
    return split(inner(node), ',').map((group): Argument => {
      const star = group[0]!.name === '*' || group[0]!.name === '**' ? group[0]!.name : '';
      if (star) return { star, name: null, value: this.expression(group[1]!) };
      const at = named(group, 'AssignOp');
      if (at > 0) return { star: '', name: this.text(group[0]!), value: this.expression(group[at + 1]!) };
      return { star: '', name: null, value: named(group, 'for') > 0 ? this.comprehension('generator', group) : this.expression(group[0]!) };
    });
  }

  private comprehension(result: 'list' | 'set' | 'dict' | 'generator', nodes: readonly Node[]): Expr {
    const start = named(nodes, 'for');
    const head = nodes.slice(0, start);
    const clauses: Clause[] = [];
    let rest = nodes.slice(start);
    while (rest.length > 0) {
      const [keyword] = rest;
      let next = rest.findIndex((n, i) => i > 0 && (n.name === 'for' || n.name === 'if'));
      if (next < 0) next = rest.length;
      const part = rest.slice(1, next);
      if (keyword!.name === 'for') {
        const at = named(part, 'in');
        clauses.push({ target: this.sequence(part.slice(0, at)), iterable: this.expression(part[at + 1]!), conditions: [] });
      } else {
        const clause = clauses.pop()!;
        clauses.push({ ...clause, conditions: [...clause.conditions, this.expression(part[0]!)] });
      }
      rest = rest.slice(next);
    }
    return {
      kind: 'comprehension',
      result,
      element: this.expression(head[0]!),
      value: result === 'dict' ? this.expression(head[2]!) : null,
      clauses,
    };
  }

  // ------------------------------------------------------------------ strings

  private string(node: Node): Expr {
    const parts = node.name === 'ContinuedString' ? children(node).flatMap((n) => this.stringPieces(n)) : this.stringPieces(node);
    if (parts.every((part) => typeof part === 'string')) return { kind: 'constant', value: parts.join('') };
    return { kind: 'fstring', parts };
  }

  private stringPieces(node: Node): FStringPart[] {
    const { prefix, quote } = stringParts(this.text(node));
    if (prefix.includes('b')) throw new Unsupported('the evaluator has no bytes');
    const from = node.from + prefix.length + quote.length;
    const to = node.to - quote.length;
    return this.pieces(node, from, to, prefix.includes('r'), prefix.includes('f'));
  }

  /** The text from `from` to `to`, with the replacement fields of a node evaluated apart. */
  private pieces(node: Node, from: number, to: number, raw: boolean, formatted: boolean): FStringPart[] {
    const literal = (start: number, end: number): string => {
      const text = raw ? this.source.slice(start, end) : unescapeString(this.source.slice(start, end));
      return formatted ? text.replaceAll('{{', '{').replaceAll('}}', '}') : text;
    };
    const found: FStringPart[] = [];
    let at = from;
    for (const field of children(node).filter((n) => n.name === 'FormatReplacement')) {
      found.push(literal(at, field.from), this.replacement(field, raw));
      at = field.to;
    }
    found.push(literal(at, to));
    return found.filter((part) => part !== '');
  }

  private replacement(field: Node, raw: boolean): FStringPart {
    const parts = children(field);
    const conversion = parts.find((n) => n.name === 'FormatConversion');
    const spec = parts.find((n) => n.name === 'FormatSpec');
    const documented = parts.find((n) => n.name === 'FormatSelfDoc');
    const stop = parts.findIndex((n, i) => i > 0 && (n === conversion || n === spec || n === documented || n.name === '}'));
    return {
      value: this.sequence(parts.slice(1, stop)),
      conversion: (conversion ? this.text(conversion).slice(1) : documented && !spec ? 'r' : '') as '' | 'r' | 's' | 'a',
      spec: spec ? this.pieces(spec, spec.from + 1, spec.to, raw, true) : [],
      label: documented ? this.source.slice(field.from + 1, documented.to) : '',
    };
  }
}
