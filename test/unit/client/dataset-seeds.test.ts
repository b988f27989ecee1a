import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { datasetRows } from '../../../src/seeds/dataset-rows.ts';
import { tripsOnDisk } from './dataset-on-disk.ts';

/** Of `trips` rows 0, 1 and 3 are finished, row 2 is dropped, and rows 4 to 7 are not there yet. */
async function read(source: { name?: string; columns?: string[] | null; filter?: string | null } = {}) {
  const directory = join(await tripsOnDisk(), 'artifacts');
  const config = { seed_type: 'dataset' as const, name: 'trips', columns: ['city'], filter: null, ...source };
  const warnings: string[] = [];
  const rows: unknown[] = [];
  for await (const row of datasetRows({ source: config, directory, warn: (text) => warnings.push(text) })) {
    rows.push(row);
  }
  return { rows, warnings };
}

describe('the rows of another dataset', () => {
  it('keep their numbers, with nothing where a row was dropped or is not there yet', async () => {
    expect(await read()).toEqual({
      rows: [{ city: 'Ulm' }, { city: 'Łódź' }, null, { city: 'São "Paulo", SP' }, null, null, null, null],
      warnings: ['has 4 of 8 rows so far: rows without a seed row are dropped'],
    });
  });

  it('have all columns of its output unless some are named, and values as they were before the file', async () => {
    const { rows } = await read({ columns: null });
    expect(Object.keys(rows[0] as object)).toEqual(['city', 'code', 'story', 'rating', 'label']);
    expect(rows[0]).toMatchObject({ label: 'Ulm!', rating: { tags: expect.any(Array) } });
  });

  it('are those that a condition over any of its columns lets through', async () => {
    const { rows } = await read({ filter: '{{ label == "Ulm!" }}' });
    expect(rows.slice(0, 4)).toEqual([{ city: 'Ulm' }, null, null, null]);
  });

  it('are refused by the field that is wrong', async () => {
    await expect(read({ name: 'tripz' })).rejects.toMatchObject({ field: 'name' });
    await expect(read({ columns: ['citi'] })).rejects.toThrow(
      'has "citi", which trips has not, did you mean "city"?',
    );
    await expect(read({ filter: '{{ labl }}' })).rejects.toThrow(
      'reads "labl", which is no column there, did you mean "label"?',
    );
    await expect(read({ filter: '{{ label' })).rejects.toThrow('is no condition: ');
    await expect(read({ filter: '{{ label == "" }}' })).rejects.toThrow('holds for no row of trips');
  });
});
