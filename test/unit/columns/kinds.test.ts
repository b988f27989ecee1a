import { expect, it } from 'vitest';
import { COLUMN_KINDS, declarationOf, loadMaker } from '../../../src/columns/kinds.ts';

it.each(COLUMN_KINDS)('has for %s a declaration of that kind and a maker', async (kind) => {
  expect(declarationOf(kind).kind).toBe(kind);
  expect(['root', 'inline', 'cells']).toContain((await loadMaker(kind)).shape);
});

it('has none for another word', async () => {
  expect(() => declarationOf('constructor')).toThrow(RangeError);
  await expect(loadMaker('constructor')).rejects.toThrow('there is none');
});
