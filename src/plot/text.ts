// How wide text is in DejaVu Sans, the font of the plots, and where its lines stand.

/** The fonts that a renderer looks for, in this order. */
export const FONT = 'DejaVu Sans, Bitstream Vera Sans, Verdana, Arial, sans-serif';
/** Heights in multiples of the font size. */
export const ASCENT = 0.76;
export const DESCENT = 0.208;
export const LINE_HEIGHT = 1.2;
/** Advance of the characters ' ' … '~' in thousandths of the font size. */
const WIDTHS =
  '318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636 636 636 636 636 636 636 337 337 838 838 838 531 1000 684 686 698 770 632 575 775 752 295 295 656 557 863 748 787 603 787 695 635 611 732 684 989 685 611 685 390 337 390 838 500 500 613 635 550 635 615 352 635 634 278 278 579 278 974 634 612 635 635 411 521 392 634 592 818 592 592 525 636 337 636 838'
    .split(' ')
    .map(Number);
const WIDE = /[\u1100-\u115f\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/;
const RAISED = /[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]/;

function advance(c: string): number {
  const width = WIDTHS[c.charCodeAt(0) - 32];
  if (width !== undefined) return width;
  if (WIDE.test(c)) return 1000;
  if (RAISED.test(c)) return 401;
  return c === '\u2212' ? 838 : 620;
}
/** The width of the longest line of a text, in the unit of the size. */
export const textWidth = (text: string, size: number): number =>
  (Math.max(...text.split('\n').map((line) => [...line].reduce((sum, c) => sum + advance(c), 0))) * size) / 1000;
/** The height of a text's lines. */
export const textHeight = (text: string, size: number): number =>
  (text.split('\n').length - 1) * size * LINE_HEIGHT + size * (ASCENT + DESCENT);
