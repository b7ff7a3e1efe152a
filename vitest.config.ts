import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: ['test/**/*.slow.test.ts', 'test/browser/**'], testTimeout: 60_000 },
      },
      { test: { name: 'slow', include: ['test/**/*.slow.test.ts', 'test/browser/*.test.ts'], testTimeout: 1_200_000 } },
    ],
  },
});
