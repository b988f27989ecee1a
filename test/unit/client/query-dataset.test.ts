import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli } from './cli.ts';
import { commitTrips, openTrips, startTrips, tripsOnDisk } from './dataset-on-disk.ts';

const MISSING = 'warning   not finished yet: 4 rows';

async function query(sql: string, ...flags: string[]) {
  return cli(['query', 'trips', sql, ...flags], { cwd: await tripsOnDisk() });
}

describe('query', () => {
  it('prints a table of what a select gives over the finished rows, numbers to the right', async () => {
    const { output, talk, code } = await query('select city, code % 100 as code, rating.score from data');
    expect(output).toEqual([
      'city             code  score',
      'Ulm                93    0.0',
      'Łódź               94    1.0',
      'São "Paulo", SP    96    3.0',
    ]);
    expect(talk).toEqual([MISSING]);
    expect(code).toBe(0);
  });

  it('gives programs all rows: JSON lines with whole numbers of any size, and CSV', async () => {
    const sql = "select code, rating, label, null as nothing from trips where city = 'Ulm'";
    expect((await query(sql, '--json')).output).toEqual([
      `{"code":9007199254740993,"rating":{"score":0.0,"tags":["warm","long"],"extra":"{\\"9\\":null,\\"note\\":[]}"},"label":"Ulm!","nothing":null}`,
    ]);
    expect(
      (
        await query(
          "select city, sum(code) as s, '' as t, null as n from data group by city order by s",
          '--csv',
        )
      ).output,
    ).toEqual([
      'city,s,t,n',
      'Ulm,9007199254740993,"",',
      'Łódź,9007199254740994,"",',
      '"São ""Paulo"", SP",9007199254740996,"",',
    ]);
  });

  it('keeps columns of one name apart, and has names for what JSON has not', async () => {
    const { output } = await query(
      "select 1 as a, 2.50 as a, 'inf'::double as b, date '2026-01-02' as c, map {'k': 1} as m limit 1",
      '--json',
    );
    expect(output).toEqual(['{"a":1,"a:1":2.5,"b":"Infinity","c":"2026-01-02","m":{"k":1}}']);
  });

  it('shows an error of SQL with a caret under the place, exit 2', async () => {
    const { output, talk, code } = await query('select nope from data');
    expect(output).toEqual([]);
    expect(talk[0]).toMatch(
      /^error {5}Cannot query "trips": Binder Error: Referenced column "nope" not found/,
    );
    expect(talk.slice(-2)).toEqual(['LINE 1: select nope from data', '               ^']);
    expect(code).toBe(2);
    const late = await query('select cast(city as int) from data', '--json');
    expect(late.talk.join('\n')).toMatch(/Conversion Error: Could not convert string 'Ulm' to INT32/);
    expect(late.code).toBe(2);
  });

  it.each([
    ["copy data to 'out.csv'", 'a query only reads'],
    ["explain analyze copy data to 'out.csv'", 'a query only reads'],
    ['drop view data', 'a query only reads'],
    ['set threads = 1', 'a query only reads'],
    ['select 1; select 2', '2 statements, give one'],
    [' -- nothing ;', 'there is no SQL'],
  ])('refuses %j, and writes nothing', async (sql, why) => {
    const cwd = await tripsOnDisk();
    const { talk, code } = await cli(['query', 'trips', sql], { cwd });
    expect(talk.join('\n')).toContain(why);
    expect(code).toBe(2);
    expect(existsSync(join(cwd, 'out.csv'))).toBe(false);
  });

  it('reads the version that is named', async () => {
    const cwd = await tripsOnDisk();
    const dataset = await openTrips(cwd);
    await dataset.writePlan('edited', await dataset.readPlan('plan'));
    const edition = await startTrips(dataset, { planDigest: 'edited' });
    await commitTrips(dataset, { rowGroup: 1, isComplete: false, completeRows: [5] });
    await edition.publish({ isFinished: true });
    const count = async (target: string) =>
      (await cli(['query', target, 'select count(*) as n from trips', '--json'], { cwd })).output;
    expect(await count('trips')).toEqual(['{"n":1}']);
    expect(await count('trips@1')).toEqual(['{"n":3}']);
  });

  it('is a table without rows where every row was dropped', async () => {
    const cwd = await tripsOnDisk({}, []);
    const { output } = await cli(
      ['query', 'trips', 'select count(*) as n, max(rating.score) as top from data', '--json'],
      { cwd },
    );
    expect(output).toEqual(['{"n":0,"top":null}']);
  });

  it('refuses a file that is not what was written', async () => {
    const cwd = await tripsOnDisk();
    await writeFile(join(cwd, 'artifacts/trips/parquet-files/batch_00000.parquet'), 'PAR1');
    const { talk, code } = await cli(['query', 'trips', 'select 1'], { cwd });
    expect(talk[0]).toContain('batch_00000.parquet": it is damaged');
    expect(code).toBe(2);
  });
});
