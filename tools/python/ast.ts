// The syntax tree of a Python snippet, in the shape that the evaluator walks.

export interface Parameter {
  readonly name: string;
  readonly kind: 'plain' | 'keyword-only' | '*' | '**';
  readonly default: Expr | null;
}

export interface Argument {
  /** '' positional or keyword, '*' a list of positional ones, '**' a dict of keyword ones. */
  readonly star: '' | '*' | '**';
  readonly name: string | null;
  readonly value: Expr;
}

export interface Clause {
  readonly target: Expr;
  readonly iterable: Expr;
  readonly conditions: readonly Expr[];
}

export type FStringPart =
  | string
  | { readonly value: Expr; readonly conversion: '' | 'r' | 's' | 'a'; readonly spec: readonly FStringPart[]; readonly label: string };

export type Expr =
  | { readonly kind: 'constant'; readonly value: unknown }
  | { readonly kind: 'name'; readonly id: string }
  | { readonly kind: 'attribute'; readonly object: Expr; readonly name: string }
  | { readonly kind: 'subscript'; readonly object: Expr; readonly index: Expr }
  | { readonly kind: 'slice'; readonly start: Expr | null; readonly stop: Expr | null; readonly step: Expr | null }
  | { readonly kind: 'call'; readonly callee: Expr; readonly args: readonly Argument[] }
  | { readonly kind: 'unary'; readonly op: string; readonly operand: Expr }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'logical'; readonly op: 'and' | 'or'; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'compare'; readonly left: Expr; readonly rest: readonly { readonly op: string; readonly right: Expr }[] }
  | { readonly kind: 'conditional'; readonly test: Expr; readonly whenTrue: Expr; readonly otherwise: Expr }
  | { readonly kind: 'lambda'; readonly params: readonly Parameter[]; readonly body: Expr }
  | { readonly kind: 'tuple' | 'list' | 'set'; readonly items: readonly Expr[] }
  | { readonly kind: 'starred'; readonly value: Expr }
  | { readonly kind: 'dict'; readonly entries: readonly { readonly key: Expr | null; readonly value: Expr }[] }
  | {
      readonly kind: 'comprehension';
      readonly result: 'list' | 'set' | 'dict' | 'generator';
      readonly element: Expr;
      readonly value: Expr | null;
      readonly clauses: readonly Clause[];
    }
  | { readonly kind: 'fstring'; readonly parts: readonly FStringPart[] }
  | { readonly kind: 'named'; readonly id: string; readonly value: Expr };

export type Statement =
  | { readonly kind: 'expression'; readonly value: Expr }
  | { readonly kind: 'assign'; readonly targets: readonly Expr[]; readonly value: Expr }
  | { readonly kind: 'update'; readonly op: string; readonly target: Expr; readonly value: Expr }
  | { readonly kind: 'delete'; readonly targets: readonly Expr[] }
  | { readonly kind: 'pass' | 'break' | 'continue' }
  | { readonly kind: 'return'; readonly value: Expr | null }
  | { readonly kind: 'raise'; readonly value: Expr | null }
  | { readonly kind: 'assert'; readonly test: Expr; readonly message: Expr | null }
  | { readonly kind: 'import'; readonly module: string; readonly as: string | null }
  | { readonly kind: 'from'; readonly module: string; readonly names: readonly { readonly name: string; readonly as: string }[] }
  | { readonly kind: 'scope'; readonly where: 'global' | 'nonlocal'; readonly names: readonly string[] }
  | { readonly kind: 'if'; readonly branches: readonly { readonly test: Expr | null; readonly body: readonly Statement[] }[] }
  | { readonly kind: 'while'; readonly test: Expr; readonly body: readonly Statement[]; readonly otherwise: readonly Statement[] }
  | {
      readonly kind: 'for';
      readonly target: Expr;
      readonly iterable: Expr;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | {
      readonly kind: 'with';
      readonly items: readonly { readonly context: Expr; readonly as: Expr | null }[];
      readonly body: readonly Statement[];
    }
  | {
      readonly kind: 'try';
      readonly body: readonly Statement[];
      readonly handlers: readonly { readonly type: Expr | null; readonly as: string | null; readonly body: readonly Statement[] }[];
      readonly otherwise: readonly Statement[];
      readonly finally: readonly Statement[];
    }
  | {
      readonly kind: 'def';
      readonly name: string;
      readonly params: readonly Parameter[];
      readonly body: readonly Statement[];
      readonly decorators: readonly Expr[];
    }
  | {
      readonly kind: 'class';
      readonly name: string;
      readonly bases: readonly Argument[];
      readonly body: readonly Statement[];
      readonly decorators: readonly Expr[];
    };
