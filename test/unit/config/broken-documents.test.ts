import { describe, expect, it } from 'vitest';
import { BROKEN_DOCUMENTS } from './broken-documents.ts';
import { violationsOf } from './prepared.ts';

const cases = Object.entries(BROKEN_DOCUMENTS);

describe('a broken document', () => {
  it.each(cases)('says all that is wrong: %s', async (_, { files, changes, says }) => {
    expect(await violationsOf(files, changes)).toEqual(says);
    expect(says.some((line) => line.startsWith('error '))).toBe(true);
  });

  it('is one of at least 60', () => {
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });
});
