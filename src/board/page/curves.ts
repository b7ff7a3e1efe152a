// Precision over recall, one line a run, with a slider over the steps.
import type { Curves } from '../protocol.ts';
import type { View } from './app.ts';
import { cardGrid } from './cards.ts';
import { drawChart, type Line, noteTable } from './chart.ts';
import { h } from './dom.ts';
import { short, whole } from './format.ts';

export const curves: View = {
  title: 'PR curves',
  count: (index) => Object.keys(index.curves).length,
  mount: (root, app) =>
    cardGrid(
      root,
      app,
      () => app.index.curves,
      (tag) => {
        const chart = h('div');
        const caption = h('div', { class: 'caption' });
        const slider = h('input', { type: 'range', min: 0, step: 1, 'aria-label': 'step', input: () => draw() });
        const body = h('div', {}, chart, caption, slider);
        let data: Curves = {};
        let isAtEnd = true;
        const draw = (): void => {
          const shown = Object.entries(data).filter(([run, steps]) => app.shows(run) && steps.length > 0);
          const last = Math.max(0, ...shown.map(([, steps]) => steps.length - 1));
          isAtEnd = Number(slider.value) >= Number(slider.max);
          const at = Math.min(Number(slider.value), last);
          const chosen = shown.map(([run, steps]) => ({ run, step: steps[Math.min(at, steps.length - 1)]! }));
          // Where nothing is found any more, precision has no meaning and is written as 0.
          const isReal = (precision: number, recall: number): boolean => precision > 0 || recall > 0;
          const lines = chosen.map(({ run, step: { precision, recall } }): Line => {
            const points = recall.map((r, i) => [r, isReal(precision[i]!, r) ? precision[i]! : null] as const);
            return { name: run, color: app.color(run), points };
          });
          caption.textContent = chosen.map(({ run, step }) => `${run}: step ${whole(step.step)}`).join(' · ');
          drawChart(chart, {
            lines,
            label: `precision over recall: ${tag}`,
            height: body.closest('.wide') ? 420 : 220,
            x: [0, 1],
            y: [0, 1.02],
            note: (nearest) =>
              noteTable(
                ['Run', 'Threshold', 'Precision', 'Recall'],
                nearest.map(({ line, index }) => {
                  const [recall, precision] = line.points[index]!;
                  const threshold = index / Math.max(1, line.points.length - 1);
                  return { color: line.color, cells: [line.name, short(threshold), short(precision), short(recall)] };
                }),
              ),
          });
        };
        const update = async (): Promise<void> => {
          data = await app.get<Curves>('curves', { tag });
          const last = Math.max(0, ...Object.values(data).map((steps) => steps.length - 1));
          const follow = isAtEnd;
          slider.max = String(last);
          if (follow) slider.value = String(last);
          slider.hidden = last === 0;
          draw();
        };
        return { body, update };
      },
    ),
};
