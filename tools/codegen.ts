// Writes what follows from the registry: typed handles for rules, and the public typed surface.
// It reads declarations, never types, so a new operator needs nothing else by hand. With --check it only says which files are not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Op, registry } from '../src/dispatch/operator.ts';
import type { Param } from '../src/dispatch/schema.ts';
import '../src/ops/index.ts';
import { publicNames } from '../src/surface/names.ts';

const BASE: Readonly<Record<string, string>> = {
  Tensor: 'Tensor',
  int: 'number',
  SymInt: 'number',
  float: 'number | FloatScalar',
  bool: 'boolean',
  str: 'string',
  Scalar: 'Scalar',
  ScalarType: 'DType',
  Device: 'Device | string',
  Layout: 'TensorLayout',
  MemoryFormat: 'MemoryFormat',
  Generator: 'Generator',
  SizeOrNone: 'number | null | readonly (number | null)[]',
  Sizes: 'number | readonly number[]',
};
const elements = (type: string): string => (type.includes('|') ? `(${type})` : type);
const paramType = (p: Param, o: Op, strict: boolean): string => {
  const base = BASE[p.base] ?? 'unknown';
  const scalarToo = !strict && o.takesNumber[o.params.indexOf(p)] === true;
  const one = scalarToo ? 'Tensor | Scalar' : base;
  const list = p.list ? (p.fixed !== null ? `number | readonly number[]` : `readonly ${elements(p.holes ? `${one} | null` : one)}[]`) : one;
  return p.optional ? `${list} | null` : list;
};
const resultType = (o: Op): string => {
  if (o.schema.listResult) return 'Tensor[]';
  if (o.visible === 1) return o.decl.returns ?? 'Tensor';
  const names = o.results.slice(0, o.visible);
  if (names.length === 0) return 'void';
  if (names.some((n) => /^result\d*$/.test(n))) return `readonly [${names.map(() => 'Tensor').join(', ')}]`;
  const name = names.map((n) => n.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())).join('');
  named.set(name, names);
  return name;
};
/** Results with names, each an interface of its own: the type checker compares those by identity, and anonymous ones member by member. */
const named = new Map<string, readonly string[]>();
const identifier = (name: string): string => name.replace('.', '$');
const RESERVED = new Set(['in', 'var', 'new', 'default', 'function', 'class', 'return', 'with', 'import', 'this']);
const safe = (name: string): string => (RESERVED.has(name) ? `${name}_` : name);

/** Names that PyTorch takes as keywords too: NumPy's, and those of its own Python functions. */
const OTHER_NAMES: Readonly<Record<string, string>> = { dim: 'axis', keepdim: 'keepdims', split_size: 'split_size_or_sections' };
const field = (p: Param, o: Op): string[] => {
  const other = OTHER_NAMES[p.name];
  const type = paramType(p, o, false);
  return [`${p.name}${p.hasDefault || other ? '?' : ''}: ${type}`, ...(other ? [`${other}?: ${type}`] : [])];
};
const argument = (p: Param, o: Op): string => `${safe(p.name === 'self' ? 'input' : p.name)}: ${paramType(p, o, false)}`;
const isOperand = (p: Param): boolean => !p.hasDefault && ['Tensor', 'Scalar', 'float'].includes(p.base);

/** The forms of a call: settings by name, required ones positional and the others by name, a spelled-out list, all positional. */
function forms(o: Op, from: number, out: boolean): string[] {
  const params = o.params.slice(from);
  const positional = params.filter((p) => !p.keywordOnly);
  const outField = out ? [`out?: ${o.visible > 1 ? 'readonly Tensor[]' : 'Tensor'}`] : [];
  const keywords = [...params.filter((p) => p.keywordOnly).flatMap((p) => field(p, o)), ...outField];
  const found: string[] = [];

  const firstSetting = positional.findIndex((p) => !isOperand(p));
  if (firstSetting >= 0) {
    const operands = positional.slice(0, firstSetting).map((p) => argument(p, o));
    const settings = positional.slice(firstSetting).flatMap((p) => field(p, o));
    found.push([...operands, `options: { ${[...settings, ...keywords].join('; ')} }`].join(', '));
  }
  const firstDefault = positional.findIndex((p) => p.hasDefault);
  if (firstSetting >= 0 && firstDefault > firstSetting) {
    const required = positional.slice(0, firstDefault).map((p) => argument(p, o));
    const settings = positional.slice(firstDefault).flatMap((p) => field(p, o));
    found.push([...required, `options: { ${[...settings, ...keywords].join('; ')} }`].join(', '));
  }

  const first = positional[0];
  if (
    first?.list &&
    first.fixed === null &&
    /^(size|dims|shape|repeats|sizes)$/.test(first.name) &&
    positional.slice(1).every((p) => p.hasDefault)
  ) {
    found.push(`...${first.name}: number[]`);
    if (keywords.length > 0) found.push(`...${first.name}AndOptions: [...${first.name}: number[], options: { ${keywords.join('; ')} }]`);
  }

  const allOptional = keywords.every((x) => /^\w+\?:/.test(x));
  const list = positional.map((p) =>
    !p.hasDefault ? argument(p, o) : allOptional ? argument(p, o).replace(':', '?:') : `${argument(p, o)} | undefined`,
  );
  found.push([...list, ...(keywords.length > 0 ? [`options${allOptional ? '?' : ''}: { ${keywords.join('; ')} }`] : [])].join(', '));
  return found;
}

const HEADER = '// Generated by tools/codegen.ts from the declarations in src/ops. Do not edit.\n';
const check = process.argv.includes('--check');
const stale: string[] = [];
function write(path: string, text: string): void {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  if (!check) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) stale.push(path);
}
const types = (text: string, from: string, self = ''): string => {
  const sources: Record<string, string> = {
    FloatScalar: 'core/scalar.ts',
    Scalar: 'core/scalar.ts',
    DType: 'core/dtype.ts',
    Device: 'core/device.ts',
    TensorLayout: 'core/formats.ts',
    MemoryFormat: 'core/formats.ts',
    Generator: 'core/generator.ts',
    Tensor: 'core/tensor.ts',
    ...Object.fromEntries([...named.keys()].map((name) => [name, 'surface/generated/return-types.ts'])),
  };
  const used = Object.entries(sources).filter(([name]) => name !== self && new RegExp(`\\b${name}\\b`).test(text));
  const files = [...new Set(used.map(([, file]) => file))];
  const names = (file: string): string => used.flatMap(([name, at]) => (at === file ? [name] : [])).join(', ');
  return files.map((file) => `import type { ${names(file)} } from '${from}${file}';\n`).join('');
};

// Handles: strict positional signatures, for rules.
const handles = [...registry.values()]
  .map((o) => {
    const params = o.params.map((p) => `${safe(p.name)}${p.hasDefault ? '?' : ''}: ${paramType(p, o, false)}`);
    const firstOptional = o.params.findIndex((p) => p.hasDefault);
    const ordered = params.map((p, i) =>
      firstOptional >= 0 && i > firstOptional && !o.params[i]!.hasDefault ? p.replace(/^(\w+):/, '$1:') : p,
    );
    const legal = o.params.every((p, i) => p.hasDefault || firstOptional < 0 || i < firstOptional);
    const list = legal ? ordered : o.params.map((p) => `${safe(p.name)}: ${paramType(p, o, false)}${p.hasDefault ? ' | undefined' : ''}`);
    return `  ${identifier(o.name)}: (${list.join(', ')}) => ${resultType(o)};`;
  })
  .join('\n');
write(
  'src/dispatch/handles.gen.ts',
  `${HEADER}${types(handles, '../')}import { handles } from './operator.ts';\n\n/** What each operator takes and gives. */\nexport interface Handles {\n${handles}\n}\n/** Operators by schema name (a dot becomes $), for rules and engine code. */\nexport const F = handles as Handles;\n`,
);

/** The sentence about a public name: that of its first overload that has one. */
function documented(ops: readonly Op[], indent = ''): string {
  const o = ops.find((x) => x.decl.doc);
  if (!o) return '';
  return `${indent}/** ${o.decl.doc}${o.functional ? ' In place.' : ''} */\n`;
}

// Methods.
const { methods, functions } = publicNames();
const methodText = [...methods]
  .map(([name, ops]) => {
    const lines: string[] = [];
    for (const o of ops) {
      const at = o.params.findIndex((p) => p.name === 'self');
      const shifted = at === 0 ? 1 : 0;
      const list = shifted
        ? forms(o, 1, false)
        : forms(
            {
              ...o,
              params: o.params.filter((p) => p.name !== 'self'),
              takesNumber: o.takesNumber.filter((_, i) => o.params[i]!.name !== 'self'),
              schema: o.schema,
              visible: o.visible,
            } as unknown as Op,
            0,
            false,
          );
      for (const f of list) lines.push(`    ${name}(${f}): ${o.functional ? 'this' : resultType(o)};`);
    }
    return `${documented(ops, '    ')}${[...new Set(lines)].join('\n')}`;
  })
  .join('\n');
write(
  'src/surface/generated/methods.ts',
  `${HEADER}// Types only: src/surface/install.ts puts the bodies on the prototype.\n${types(methodText, '../../', 'Tensor')}\ndeclare module '../../core/tensor.js' {\n  interface Tensor {\n${methodText}\n  }\n}\n`,
);
write(
  'src/surface/generated/method-names.ts',
  `${HEADER}export const METHOD_NAMES: readonly string[] = [\n${[...methods.keys()].map((n) => `  '${n}',`).join('\n')}\n];\n`,
);

// Functions, one file a home: torch, nn.functional, special, linalg, fft, masked.
for (const home of ['torch', 'functional', 'special', 'linalg', 'fft', 'masked'] as const) {
  const mine = [...(functions.get(home) ?? [])];
  const text = mine
    .map(([name, ops]) => {
      const local = name.replace(
        home === 'masked' ? /^masked_/ : /^(special|linalg|fft)_/,
        home === 'torch' || home === 'functional' ? '$1_' : '',
      );
      const overloadText = ops.flatMap((o) => forms(o, 0, !o.functional && !o.schema.listResult).map((f) => `  (${f}): ${resultType(o)};`));
      return `${documented(ops)}export const ${RESERVED.has(local) ? `${local}_` : local} = torchFunction('${name}'${home === 'torch' ? '' : `, '${home}'`}) as {\n${[...new Set(overloadText)].join('\n')}\n};${RESERVED.has(local) ? `\nexport { ${local}_ as ${local} };` : ''}`;
    })
    .join('\n');
  write(`src/surface/generated/${home}.ts`, `${HEADER}${types(text, '../../')}import { torchFunction } from '../bind.ts';\n\n${text}\n`);
}

const returnTypes = [...named].map(([name, fields]) => {
  const members = fields.flatMap((field, i) => [`readonly ${i}: Tensor;`, `readonly ${field}: Tensor;`]);
  return `export interface ${name} extends Results {\n  ${members.join('\n  ')}\n}\n`;
});
write(
  'src/surface/generated/return-types.ts',
  `${HEADER}import type { Tensor } from '../../core/tensor.ts';\n\n/** Several results: an array but for \`values\`, which names a result. */\ntype Results = Omit<readonly Tensor[], 'values'>;\n${returnTypes.join('')}`,
);

if (stale.length > 0) {
  console.error(`not current, run npm run codegen: ${stale.join(', ')}`);
  process.exitCode = 1;
}
console.log(`${registry.size} operators, ${methods.size} methods, ${functions.size} functions`);
