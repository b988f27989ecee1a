import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Bundle, bundleModule } from '../../../src/modules/bundle.ts';
import { callFunction } from '../../../src/modules/call-function.ts';
import { temporaryFolder } from '../store/support.ts';

const signal = new AbortController().signal;

async function bundleOf(text: string): Promise<Bundle> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'node_modules', 'measure'), { recursive: true });
  await writeFile(
    join(folder, 'node_modules', 'measure', 'index.js'),
    '// Published.\nexport function measure(text) {\n  return text.length;\n}\n',
  );
  await writeFile(join(folder, 'own.ts'), text);
  return (await bundleModule(join(folder, 'own.ts'))) as Bundle;
}

const SOURCE = `
interface Row { readonly topic?: string }
// Types and comments are not in the bundle.
import { measure } from 'measure';
export function own(row: Row) {
  return row.topic!.length;
}
export const packaged = (row: Row) => measure(row.topic);
export const ends = () => new Promise(() => undefined);
export const given = (input: unknown, { params, random }: any) => [input, params, random()];
`;

it('says where in the file of the user a function threw, also inside of a package', async () => {
  const module = await bundleOf(SOURCE);
  const call = (name: string) => callFunction({ module, export: name }, { input: {}, signal });
  await expect(call('own')).rejects.toThrow(
    /^The function threw TypeError: Cannot read .* \(own\.ts:6:\d+\)$/,
  );
  await expect(call('packaged')).rejects.toThrow(/\(own\.ts:8:\d+\)$/);
});

it('says the line of the bundle where its map is lost or damaged', async () => {
  const module = await bundleOf(SOURCE);
  for (const map of [null, '{"version": 3']) {
    const call = callFunction({ module: { ...module, map }, export: 'own' }, { input: {}, signal });
    await expect(call).rejects.toThrow(/\(line \d+ of the bundle\)$/);
  }
});

it('gives up a function that takes too long, and one that nobody waits for', async () => {
  const module = await bundleOf(SOURCE);
  const ends = { module, export: 'ends' };
  await expect(callFunction(ends, { input: null, signal, deadlineMs: 50 })).rejects.toThrow(
    'The function took longer than 0.05 s',
  );
  const stopping = new AbortController();
  const call = callFunction(ends, { input: null, signal: stopping.signal });
  stopping.abort();
  await expect(call).rejects.toMatchObject({ failure: 'cancelled' });
});

it('calls a function with the items of a list beside each other, each with its own time', async () => {
  const module = await bundleOf(`
export const slow = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms, ms));
export function busy(ms: number) { for (const end = Date.now() + ms; Date.now() < end; ); return ms; }
`);
  const call = (name: string, input: readonly number[], deadlineMs: number) => {
    const each = { randoms: input.map(() => []), deadlineMs };
    return callFunction({ module, export: name }, { input, each, signal });
  };
  const beganMs = Date.now();
  const waits = Array.from({ length: 20 }, (_, at) => 300 - at);
  expect(await call('slow', waits, 60_000)).toEqual(waits);
  expect(Date.now() - beganMs).toBeLessThan(4_000);
  expect(await call('busy', [150, 150, 150], 300)).toEqual([150, 150, 150]);
  await expect(call('slow', [1, 60_000], 50)).rejects.toThrow('TimeoutError: it took longer than 0.05 s');
});

it('gives a function its input, params and the same random numbers every time', async () => {
  const module = await bundleOf(SOURCE);
  const call = () =>
    callFunction({ module, export: 'given' }, { input: 1, params: { n: 2 }, random: [1, 2, 3, 4], signal });
  const [input, params, random] = (await call()) as unknown[];
  expect([input, params]).toEqual([1, { n: 2 }]);
  expect(await call()).toEqual([1, { n: 2 }, random]);
});
