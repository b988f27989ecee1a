import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes minutes goes first, so that nothing runs alone at the end, and the unit tests, in one process, last. */
const ORDER = ['/test/system/crash.', '/test/system/', '/test/workflows/', '/test/activities/', '/test/'];

/** They measure CPU time or count connections of their process, which what other tests left in it adds to. */
const IN_OWN_PROCESS = ['test/unit/templates/limits.test.ts', 'test/unit/client/broken-documents.test.ts'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification) => ORDER.findIndex((name) => moduleId.includes(name));
    return (await super.sort(files)).sort((left, right) => placeOf(left) - placeOf(right));
  }
}

/** Tests of what `npm run build` made, as users have it. */
const built = (name: string, include: string[]) => ({
  extends: true as const,
  resolve: { alias: [{ find: /^((?:\.\.\/)+)src\/(.*)\.ts$/, replacement: '$1dist/$2.js' }] },
  test: {
    ...{ name, include },
    globalSetup: ['test/support/build.ts'],
    server: { deps: { external: [/\/dist\//] } },
  },
});

export default defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: 'test-results.json' }]],
    // The machine's two cores serve a Temporal server, its workers and a mock model beside the tests.
    maxWorkers: 2,
    maxConcurrency: 2,
    // Generous: on a busy machine everything takes ten times as long.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    sequence: { sequencer: LongestFirst },
    projects: [
      // In a process of its own each of them would load the sources anew: half of its time.
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], exclude: IN_OWN_PROCESS, isolate: false },
      },
      {
        extends: true,
        test: { name: 'activities', include: ['test/activities/**/*.test.ts', ...IN_OWN_PROCESS] },
      },
      built('built', ['test/{workflows,replay,system}/**/*.test.ts']),
      // `npm run test:long`: whole builds of what cheaper tests hold to as well.
      built('long', ['test/long/**/*.test.ts']),
    ],
  },
});
