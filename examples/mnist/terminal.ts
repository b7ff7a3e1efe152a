// Digits as text.
import type { Tensor } from 'flambeau';

const SHADES = ' ░▒▓█';
const PER_ROW = 5;
/** The digits lie in the middle 20 × 20 pixels. */
const [FIRST, END] = [4, 24];

/** Lines of an image; a character is two pixels high. */
function lines(image: readonly (readonly number[])[]): string[] {
  const out: string[] = [];
  for (let y = FIRST; y < END; y += 2) {
    let line = '';
    for (let x = FIRST; x < END; x++) line += SHADES[Math.round(((image[y]![x]! + image[y + 1]![x]!) / 510) * (SHADES.length - 1))];
    out.push(line);
  }
  return out;
}
/** Images (N, 1, 28, 28) beside one another, each with the likeliest digit, its probability and whether it is right. */
export function drawDigits(images: Tensor, labels: Tensor, probabilities: Tensor): string {
  const width = END - FIRST;
  const blocks = Array.from({ length: labels.size(0) }, (_, i) => {
    const best = probabilities.at(i).argmax().item();
    const caption = `${best}  ${(100 * probabilities.at(i, best).item()).toFixed(1)} % ${best === labels.at(i).item() ? '✓' : '✗'}`;
    return [...lines(images.at(i, 0).tolist() as number[][]), caption.padStart((width + caption.length) >> 1).padEnd(width)];
  });
  const rows: string[] = [];
  for (let i = 0; i < blocks.length; i += PER_ROW) {
    const row = blocks.slice(i, i + PER_ROW);
    rows.push(row[0]!.map((_, y) => row.map((block) => block[y]).join('  ')).join('\n'));
  }
  return rows.join('\n\n');
}
