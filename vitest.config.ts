import { defineConfig } from 'vitest/config'
import { NoSkips } from './test/setup/no-skips.ts'

// `@nexus/source` lets tests and the programs they start run from source, without a build.
const conditions = ['@nexus/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  // Where Vitest runs a global setup. Without it that works only beside a build.
  environments: { __vitest__: { resolve: { conditions } } },
  test: {
    maxWorkers: '100%', // the tests wait for servers more than they compute
    // `CI=true`: a skipped test is a failure.
    ...(process.env['CI'] === 'true' && { reporters: ['default', new NoSkips()] }),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{packages,gateway,serving}/**/*.test.ts', 'test/{contract,docs,k8s,ops}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          globalSetup: 'packages/kube/src/testing/global-setup.ts',
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // After the unit tests: what it measures in seconds, it does on a machine of its own.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
