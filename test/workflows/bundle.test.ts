import { describe, expect, it } from 'vitest';
import { bundleWorkflows } from '../../src/worker.ts';

const MAX_BYTES = 2 * 1024 * 1024;
/** Temporal's own: service definitions, time spans, 64-bit numbers; `?` is what webpack puts where nothing is. */
const ALLOWED = /^(?:@temporalio\/(?:common|workflow)|nexus-rpc|ms|long|\?\w+)$/;
const OURS = /^\.\/dist\/(?:workflows\/|graph\/|(?:errors|own-keys|protocol|totals)\.js$)/;

/** The modules in a bundle: packages by name, ours by their path. */
function modulesIn(code: string): readonly string[] {
  const paths = [...code.matchAll(/^\/\*{3}\/ "([^"]+)"/gm)].map(([, path]) => path!);
  return paths.map((path) => /^\.\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path);
}

describe('the workflow bundle', () => {
  it('is small, and holds nothing but Temporal, the workflows and what decides', async () => {
    const { code } = await bundleWorkflows();
    expect(Buffer.byteLength(code)).toBeLessThan(MAX_BYTES);
    const modules = modulesIn(code);
    expect(modules).toContain('./dist/workflows/generate-dataset.js');
    expect(modules.filter((module) => !ALLOWED.test(module) && !OURS.test(module))).toEqual([]);
  });
});
