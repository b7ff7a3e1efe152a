// Plots: what pyplot's functions draw, where, and what they refuse. Numbers that matplotlib gives were taken from matplotlib 3.10.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import ndarray from 'ndarray';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import * as torch from '../../src/index.ts';
import * as plt from '../../src/plot/index.ts';
import { linearPlaces, numberLabels } from '../../src/plot/ticks.ts';

const folder = mkdtempSync(join(tmpdir(), 'flambeau-plot-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => plt.close('all'));

/** The texts of an SVG. */
const texts = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((m) => m[1]!);
const count = (svg: string, pattern: RegExp): number => svg.match(pattern)?.length ?? 0;

describe('numbers', () => {
  it('may be lists, typed arrays, tensors and arrays of ndarray', async () => {
    const y = [1, 4, 9];
    const given = [
      y,
      Float32Array.from(y),
      torch.tensor(y),
      torch.tensor(y).requires_grad_(),
      ndarray(Float64Array.from(y), [3]),
      torch.tensor(y).numpy(),
      [1n, 4n, 9n],
    ];
    for (const numbers of given) {
      const [line] = plt.plot(numbers as plt.Numbers);
      expect([...line!.x, ...line!.y]).toEqual([0, 1, 2, 1, 4, 9]);
    }
    const [first, second] = plt.plot(
      [0, 1],
      [
        [1, 10],
        [2, 20],
      ],
    );
    expect([[...first!.y], [...second!.y]]).toEqual([
      [1, 2],
      [10, 20],
    ]);
  });
  it('that are complex, or of another length, are refused', () => {
    expect(() => plt.plot(torch.ones(2, { dtype: torch.complex64 }))).toThrow('plots take real numbers');
    expect(() => plt.plot([1, 2, 3], [1, 2, 3, 4])).toThrow('x and y must have same first dimension, but have shapes (3,) and (4,)');
    expect(() => plt.scatter([1, 2], [1])).toThrow('x and y must be the same size');
    expect(() => plt.scatter([1, 2], [1, 2], { c: [1, 2, 3, 4, 5] })).toThrow(
      "'c' argument has 5 elements, which is inconsistent with 'x' and 'y' with size 2.",
    );
    expect(() => plt.imshow([1, 2, 3])).toThrow('Invalid shape (3,) for image data');
  });
});

describe('axes', () => {
  it("place ticks where matplotlib's do", () => {
    expect(linearPlaces(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(linearPlaces(-1.1, 1.1, 9)).toEqual([-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1]);
    expect(linearPlaces(-0.5, 9.5, 9)).toEqual([0, 2, 4, 6, 8]);
    expect(linearPlaces(1000, 1001, 5)).toEqual([1000, 1000.2, 1000.4, 1000.6, 1000.8, 1001]);
    expect(numberLabels([0, 0.25, 0.5]).labels).toEqual(['0.00', '0.25', '0.50']);
    expect(numberLabels([-5, 0, 5]).labels).toEqual(['−5', '0', '5']);
    expect(numberLabels([0, 1e6, 2e6])).toEqual({ labels: ['0', '1', '2'], factor: '1e6' });
    expect(numberLabels([1e-5, 2e-5])).toEqual({ labels: ['1', '2'], factor: '1e−5' });
  });
  it('show the data with a margin of a twentieth, bars from their base line and images to their edges', () => {
    const near = (pair: readonly number[], wanted: readonly number[]): void => {
      for (const [i, v] of pair.entries()) expect(v).toBeCloseTo(wanted[i]!, 12);
    };
    plt.plot([0, 10], [1, 1]);
    near(plt.gca().get_xlim(), [-0.5, 10.5]);
    near(plt.gca().get_ylim(), [0.945, 1.055]);
    plt.figure();
    plt.bar(['a', 'b'], [2, 4]);
    near(plt.gca().get_xlim(), [-0.49, 1.49]);
    near(plt.gca().get_ylim(), [0, 4.2]);
    plt.figure();
    plt.imshow(torch.zeros(4, 6));
    near(plt.gca().get_xlim(), [-0.5, 5.5]);
    near(plt.gca().get_ylim(), [3.5, -0.5]);
    plt.figure();
    plt.plot([1, 100], [1, 100]);
    plt.xscale('log');
    near(plt.gca().get_xlim(), [10 ** -0.1, 10 ** 2.1]);
  });
  it('count like numpy.histogram', () => {
    const [counts, edges] = plt.hist([1, 1, 2, 3, 4, 4, 4], { bins: 3 });
    expect([...counts]).toEqual([2, 1, 4]);
    expect([...edges]).toEqual([1, 2, 3, 4]);
    const [density] = plt.hist([0, 1, 1, 3], { bins: [0, 1, 3], density: true });
    expect([...density]).toEqual([0.25, 0.375]);
  });
  it('write titles, labels, ticks and the legend as text', async () => {
    const fig = plt.figure();
    plt.plot([1, 2, 3], { label: 'first' });
    plt.plot([3, 2, 1], 'r--o', { label: 'second' });
    plt.title('A title');
    plt.xlabel('x < 3');
    plt.ylabel('two\nlines');
    plt.xticks([0, 1, 2], ['zero', 'one', 'two']);
    plt.legend();
    const svg = await fig.to_svg();
    expect(texts(svg)).toEqual(expect.arrayContaining(['A title', 'x &lt; 3', 'zero', 'one', 'two', 'first', 'second', '1.00', '3.00']));
    expect(svg).toContain('stroke-dasharray="5.55,2.4"');
    expect(svg).toMatch(/^<svg [^>]*width="460.8pt" height="345.6pt"/);
  });
  it('hide everything around the data when they are off', async () => {
    const fig = plt.figure();
    plt.plot([1, 2]);
    plt.axis('off');
    expect(texts(await fig.to_svg())).toEqual([]);
  });
  it('put the legend where it covers least', async () => {
    const corner = async (x: number[], y: number[]): Promise<string> => {
      const fig = plt.figure();
      plt.plot(x, y, { label: 'L' });
      plt.legend();
      const [, tx, ty] = /<g transform="translate\(([\d.]+),([\d.]+)\)"><path[^>]*stroke="#cccccc"/.exec(
        (await fig.to_svg()).replaceAll('\n', ''),
      )!;
      return `${Number(ty) < 100 ? 'upper' : 'lower'} ${Number(tx) < 150 ? 'left' : 'right'}`;
    };
    expect(await corner([0, 1], [1, 0])).toBe('upper right');
    expect(await corner([0, 1], [0, 1])).toBe('upper left');
  });
  it('refuse what means nothing', () => {
    expect(() => plt.plot([1], 'q')).toThrow("'q' is not a valid format string (unrecognized character 'q')");
    expect(() => plt.plot([1], 'rb')).toThrow('two color symbols');
    expect(() => plt.plot([1], { color: 'no-such' })).toThrow("'no-such' is not a valid value for color");
    expect(() => plt.plot([1], { colour: 'r' } as plt.PlotOptions)).toThrow("plot() got an unexpected keyword argument 'colour'");
    expect(() => plt.plot([1], { marker: '?' })).toThrow("Unrecognized marker style '?'");
    expect(() => plt.imshow([[1]], { cmap: 'no' })).toThrow("'no' is not a valid value for cmap; supported values are 'Blues'");
    expect(() => plt.legend({ loc: 'top' as 'best' })).toThrow("'top' is not a valid value for loc; supported values are 'best'");
    expect(() => plt.subplot(3, 3, 10)).toThrow('num must be an integer with 1 <= num <= 9, not 10');
    expect(() => plt.subplot(1234)).toThrow('Integer subplot specification must be a three-digit number, not 1234');
    expect(() => plt.figure({ figsize: [0, 1] })).toThrow('figure size must be positive finite');
    expect(() => plt.xticks([1, 2], ['one'])).toThrow('The number of FixedLocator locations (2)');
    expect(() => plt.hist([1, Number.NaN])).toThrow('is not finite');
  });
});

describe('figures', () => {
  it('have grids of axes; subplot finds what is there', () => {
    const [, one] = plt.subplots();
    expect(one).toBeInstanceOf(plt.Axes);
    const [, row] = plt.subplots(1, 2);
    expect(row).toHaveLength(2);
    const [fig, grid] = plt.subplots({ nrows: 2, ncols: 3, figsize: [4, 4] });
    expect(grid.map((axes) => axes.length)).toEqual([3, 3]);
    expect(plt.subplot(2, 3, 5)).toBe(grid[1]![1]);
    expect(plt.subplot(235)).toBe(grid[1]![1]);
    expect(fig.axes).toHaveLength(6);
  });
  it('are PNGs of the size that figsize and dpi say, with text', async () => {
    const png = async (title: string): Promise<{ width: number; height: number; dark: number }> => {
      const fig = plt.figure({ figsize: [3, 2], dpi: 50 });
      plt.axis('off');
      plt.title(title);
      const { width, height, data } = decode(await fig.to_png());
      return { width, height, dark: (data as Uint8Array).filter((v, i) => i % 4 === 0 && v < 100).length };
    };
    const [empty, titled] = [await png(''), await png('Some title')];
    expect(empty).toEqual({ width: 150, height: 100, dark: 0 });
    expect(titled.dark).toBeGreaterThan(20);
  });
  it('show every pixel of an image in its colour', async () => {
    const fig = plt.figure({ figsize: [2, 2], dpi: 50 });
    const ax = fig.add_axes([0, 0, 1, 1]);
    ax.axis('off');
    const image = torch.tensor([
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
      [
        [0, 0, 1],
        [0.5, 0.5, 0.5],
      ],
    ]);
    ax.imshow(image);
    const { width, data } = await fig.canvas.draw();
    const at = (x: number, y: number): number[] => [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3)];
    expect([at(25, 25), at(75, 25), at(25, 75), at(75, 75)]).toEqual([
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [128, 128, 128],
    ]);
    ax.imshow(image.mul(255).to(torch.uint8), { origin: 'lower' });
    expect(fig.canvas.get_width_height()).toEqual([100, 100]);
    expect(fig.canvas.buffer_rgba()).toHaveLength(4 * 100 * 100);
  });
  it('are saved whole, as SVG or PNG', async () => {
    plt.scatter([1, 2, 3], [1, 2, 3], { c: [1, 2, 3], s: [10, 20, 30] });
    plt.colorbar(null, { label: 'scale' });
    plt.grid();
    plt.tight_layout();
    await plt.savefig(join(folder, 'a.svg'));
    await plt.savefig(join(folder, 'b.png'), { dpi: 20, bbox_inches: 'tight' });
    await plt.savefig(join(folder, 'c'));
    expect(readdirSync(folder).sort()).toEqual(['a.svg', 'b.png', 'c.png']);
    const svg = readFileSync(join(folder, 'a.svg'), 'utf8');
    expect(texts(svg)).toContain('scale');
    expect(count(svg, /#440154|#fde725/g)).toBeGreaterThan(1);
    await expect(plt.savefig(join(folder, 'a.pdf'))).rejects.toThrow("Format 'pdf' is not supported (supported formats: png, svg)");
    await expect(plt.savefig(join(folder, 'none', 'a.svg'))).rejects.toThrow('ENOENT');
  });
  it('say where no browser is that nothing is shown, and are closed', async () => {
    vi.stubEnv('DISPLAY', '');
    vi.stubEnv('WAYLAND_DISPLAY', '');
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    plt.plot([1]);
    const before = plt.gcf();
    await plt.show();
    if (process.platform === 'linux')
      expect(warned.mock.calls[0]![0]).toBe('plt.show: there is no display, so no figure is shown; fig.savefig writes it to a file');
    expect(plt.gcf()).not.toBe(before);
    warned.mockRestore();
    vi.unstubAllEnvs();
  });
});
