// Tables print as pandas prints them; the texts are pandas'.
import { describe, expect, it } from 'vitest';
import { Table } from '../../src/utils/table.ts';

describe('Table', () => {
  it('prints columns to the right and labels to the left', () => {
    expect(String(new Table({ count: [268230, 1, 22], word_id: [2, 3, 4] }, ['the', 'and', 'of']))).toBe(
      '      count  word_id\nthe  268230        2\nand       1        3\nof       22        4',
    );
  });
  it('prints floats with the digits that the column needs', () => {
    const table = new Table({
      loss: [0.123456789, 0.5],
      z: [NaN, 1e-9],
      big: [1234567.5, 12345678901234.25],
      m: [Infinity, -2.5],
      s: ['a', 'bcd'],
    });
    expect(String(table)).toBe(
      '       loss             z           big    m    s\n0  0.123457           NaN  1.234568e+06  inf    a\n1  0.500000  1.000000e-09  1.234568e+13 -2.5  bcd',
    );
    expect(String(new Table({ a: [1, null] }, ['x', 'y']))).toBe('     a\nx  1.0\ny  NaN');
  });
  it('prints long tables by their ends, and empty ones by their columns', () => {
    const table = new Table({ a: Array.from({ length: 100 }, (_, i) => i), b: new Array<number>(100).fill(0.5) });
    expect(String(table)).toBe(
      '     a    b\n0    0  0.5\n1    1  0.5\n2    2  0.5\n3    3  0.5\n4    4  0.5\n..  ..  ...\n95  95  0.5\n96  96  0.5\n97  97  0.5\n98  98  0.5\n99  99  0.5\n\n[100 rows x 2 columns]',
    );
    expect(String(table.head(0))).toBe('Empty DataFrame\nColumns: [a, b]\nIndex: []');
  });
  it('gives columns, rows and parts', () => {
    const table = Table.from_records([{ a: 1, b: 'x' }, { a: 2 }, { a: 3, c: true }]);
    expect([table.columns, table.length, table.shape]).toEqual([['a', 'b', 'c'], 3, [3, 3]]);
    expect(table.column('a')).toEqual([1, 2, 3]);
    expect([table.row(-1), table.row(3)]).toEqual([{ a: 3, b: null, c: true }, undefined]);
    expect([...table.tail(1)]).toEqual([{ a: 3, b: null, c: true }]);
    expect([table.head(2).column('a'), table.head(-1).index, table.tail(-1).index]).toEqual([
      [1, 2],
      [0, 1],
      [1, 2],
    ]);
    expect(() => table.column('d')).toThrow("'d'");
    expect(() => new Table({ a: [1], b: [] })).toThrow('All arrays must be of the same length');
  });
  it('writes CSV', () => {
    const table = new Table({ a: [1.5, null], 'b,c': ['say "hi"', 'x'] }, ['p', 'q']);
    expect(table.to_csv()).toBe(',a,"b,c"\np,1.5,"say ""hi"""\nq,,x\n');
    expect(table.to_csv({ index: false, separator: ';' })).toBe('a;b,c\n1.5;"say ""hi"""\n;x\n');
  });
});
