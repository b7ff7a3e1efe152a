// Runs the jobs of several parts of a build together, as many at a time as there are cores: the long ones first, so that no core is left
// alone with one at the end.
import { availableParallelism } from 'node:os';

/**
 * A part has `jobs` ({ weight, run }, the weight being about the seconds that it takes a core) and `finish`, which follows when all of them
 * are done, at once, while jobs of other parts still run. After an error the rest of its part is left out.
 *
 * @returns The error of each part, or null.
 */
export async function runParts(parts) {
  const states = parts.map((part) => ({ part, left: part.jobs.length, error: null }));
  const queue = states.flatMap((state) => state.part.jobs.map((job) => ({ state, job })));
  queue.sort((a, b) => b.job.weight - a.job.weight);
  for (const state of states) if (state.left === 0) queue.unshift({ state, job: { run: () => state.part.finish() } });
  const core = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { state, job } = next;
      if (state.error !== null) continue;
      try {
        await job.run();
        if (--state.left === 0) queue.unshift({ state, job: { run: () => state.part.finish() } });
      } catch (error) {
        state.error = error;
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, core));
  return states.map(({ error }) => error);
}
