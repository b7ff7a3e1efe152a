// Figures: the one place that knows what plots offer.
import type { Picture } from './image.ts';

/** What `add_figure` needs of a figure; those of `flambeau/plot` have it. */
export interface FigureLike {
  readonly canvas: {
    /** Draws the figure as it is now: RGBA, in rows from the top. */
    draw(): Promise<FigurePixels> | FigurePixels;
  };
}
export interface FigurePixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** The pixels of a figure. */
export async function pixelsOf(figure: FigureLike): Promise<Picture> {
  const { width, height, data } = await figure.canvas.draw();
  return { width, height, channels: 4, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}
/** Makes pyplot forget a figure, so that `show` does not show it. */
export async function closeFigure(figure: FigureLike): Promise<void> {
  const { Figure } = await import('../../plot/figure.ts');
  const { close } = await import('../../plot/pyplot.ts');
  if (figure instanceof Figure) close(figure);
}
