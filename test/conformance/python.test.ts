import { describe, expect, it } from 'vitest';
import { Interpreter } from '../../tools/python/evaluate.ts';

/** What a piece of Python prints. */
function printed(source: string): string {
  const py = new Interpreter();
  py.run(source);
  return py.output.replace(/\n$/, '');
}
const value = (source: string): string => printed(`print(repr(${source}))`);

describe('numbers', () => {
  it.each([
    ['1', '1'],
    ['1.', '1.0'],
    ['1e16', '1e+16'],
    ['1e15', '1000000000000000.0'],
    ['0.0001', '0.0001'],
    ['1e-5', '1e-05'],
    ['-0.0', '-0.0'],
    ["float('nan')", 'nan'],
    ['2**100', '1267650600228229401496703205376'],
    ['7 / 2', '3.5'],
    ['-7 // 2', '-4'],
    ['-7 % 3', '2'],
    ['-7.5 % 2', '0.5'],
    ['2 ** -1', '0.5'],
    ['1 + 2.0', '3.0'],
    ['1+2j', '(1+2j)'],
    ['0x1F + 1_000', '1031'],
    ['True + 1', '2'],
    ['round(2.5)', '2'],
    ['1 == 1.0', 'True'],
  ])('%s is %s', (source, expected) => expect(value(source)).toBe(expected));
});

describe('values', () => {
  it.each([
    ['[1, 2.0, "a", None, True]', "[1, 2.0, 'a', None, True]"],
    ['(1,)', '(1,)'],
    ["{'a': (1, 2), 'b': []}", "{'a': (1, 2), 'b': []}"],
    ['"it\'s"', '"it\'s"'],
    ['[x * y for x in range(3) if x for y in (1, 2)]', '[1, 2, 2, 4]'],
    ['{k: v for k, v in zip("ab", [1, 2])}', "{'a': 1, 'b': 2}"],
    ['[1, 2, 3, 4][-3:-1]', '[2, 3]'],
    ['"hello"[::-1]', "'olleh'"],
    ['sum(x for x in [1, 2.5])', '3.5'],
    ['max([3, 1, 2], key=lambda x: -x)', '1'],
    ['sorted("cab", reverse=True)', "['c', 'b', 'a']"],
    ['dict(a=1).keys()', "dict_keys(['a'])"],
    ['1 < 2 < 3 and not 1 > 2', 'True'],
    ['[*range(3), *"a"]', "[0, 1, 2, 'a']"],
    ['"{:>5}|{x:.2f}".format("a", x=1.005)', "'    a|1.00'"],
    ['f"{3.14159:.3f} {7:04d} {1234567:,} {0.5:.0%} {[1]!r:>5}"', "'3.142 0007 1,234,567 50%   [1]'"],
  ])('%s is %s', (source, expected) => expect(value(source)).toBe(expected));
});

describe('statements', () => {
  it('runs functions, classes and super', () => {
    const source = `
class A:
    def __init__(self, n=2, *rest, **options):
        self.n, self.rest, self.options = n, rest, options
    def __repr__(self): return f"{type(self).__name__}({self.n})"
    def __add__(self, other): return self.n + other
class B(A):
    def __init__(self):
        super().__init__(5, 6, x=7)
b = B()
print(b, b.rest, b.options, b + 1, isinstance(b, A))`;
    expect(printed(source)).toBe("B(5) (6,) {'x': 7} 6 True");
  });
  it('runs loops, exceptions and unpacking', () => {
    const source = `
total = 0
for i, (a, *b) in enumerate([(1, 2, 3), (4,)]):
    if i > 5: break
    total += a + len(b)
else:
    print('done', total)
while True:
    total -= 1
    if total < 5: break
try:
    {}['k']
except (ValueError, KeyError) as e:
    print(type(e) is None, e)
finally:
    print('end')
def counter():
    n = 0
    def step():
        nonlocal n
        n += 1
        return n
    return step
c = counter(); c(); print(c())`;
    expect(printed(source)).toBe("done 7\nFalse 'k'\nend\n2");
  });
  it('names what it does not know', () => {
    expect(() => printed('async def f(): pass')).toThrow('async');
    expect(() => printed('undefined_name')).toThrow("name 'undefined_name' is not defined");
    expect(() => printed('x = = 1')).toThrow('invalid syntax');
  });
});
