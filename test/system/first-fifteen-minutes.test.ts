// What a newcomer does in the first fifteen minutes, command by command: a build of the example that is stopped, killed,
// finished, looked at, edited and extended, and a Data Designer document that is refused.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ValueObject } from '../../src/values.ts';
import { Workplace } from '../support/build-harness.ts';
import { type CliEnd, type CliProcess, COMMAND } from '../support/cli.ts';

const EXAMPLE = 'examples/tickets.yaml';
/** The sum of the example's `max_parallel_requests`. */
const PARALLEL = 16;

let workplace: Workplace;

beforeAll(() => {
  workplace = new Workplace();
  cpSync(join(import.meta.dirname, '../../examples'), join(workplace.directory, 'examples'), {
    recursive: true,
  });
});

afterAll(() => workplace.dispose());

function run(...args: readonly string[]): CliProcess {
  return workplace.command(['run', EXAMPLE, ...args]);
}

/** Waits until the store holds so many calls, while a command runs. */
async function paid(calls: number, command: CliProcess): Promise<void> {
  while (command.isRunning && (await workplace.usage()).calls < calls) await sleep(50);
  expect(command.isRunning, command.talk).toBe(true);
}

async function calls(): Promise<number> {
  return (await workplace.usage()).calls;
}

/** A count as the CLI prints it after a pattern. */
function countIn({ talk }: CliEnd, pattern: RegExp): number {
  const [, count] = pattern.exec(talk) ?? [];
  expect(count, talk).toBeDefined();
  return Number(count?.replaceAll(',', ''));
}

/** Each test goes on where the one before it ended. */
describe('the first fifteen minutes', { timeout: 300_000 }, () => {
  let finished: ValueObject[];

  it('make a dataset, and Ctrl-C stops it without losing an answer', async () => {
    const command = run('-n', '200');
    await paid(250, command);
    command.signal('SIGINT');
    const end = await command.ended;
    expect(end.code, end.talk).toBe(1);
    expect(end.output).toBe('');
    expect(end.talk.split('\n').slice(0, 5)).toEqual([
      `dataset   tickets (new) → ${workplace.directory}/artifacts/tickets · random seed 5012, made from the name`,
      `config    ${EXAMPLE} · 13 columns (4 from seeds) · seed data examples/products.csv: 40 rows, 5 times over`,
      'models    writer, grader → simulated (offline, free, answers are made up)',
      'plan      200 rows × 4 model columns: 800 new calls',
      expect.stringMatching(/^temporal {2}embedded · web UI http:\/\/127\.0\.0\.1:\d+$/),
    ]);
    const waiting = countIn(
      end,
      /^stopping: no new calls, waiting for (\d+) answers? \(Ctrl-C again: leave now\)$/m,
    );
    expect(waiting).toBeLessThanOrEqual(PARALLEL);
    const kept = countIn(
      end,
      / of 200 rows are in parquet-files\/ · (\d+) calls kept, 0 lost · go on: same command$/m,
    );
    expect(kept).toBe(await calls());
    expect(await workplace.rows()).toHaveLength(countIn(end, /^stopped {3}(\d+) of 200 rows/m));
  });

  it('go on with the same command, which is killed in the middle', async () => {
    const kept = await calls();
    const command = run();
    await paid(kept + 100, command);
    await command.kill();
    expect(command.talk).toMatch(/^dataset {3}tickets \(continued\) → /);
    expect(command.talk).toContain(`plan      ${kept} of 800 calls found in the store · ${800 - kept} new\n`);
  });

  it('go on after the kill as if nothing had happened, with at most the calls in flight asked again', async () => {
    const kept = await calls();
    const end = await run().ended;
    expect(end.code, end.talk).toBe(0);
    expect(end.talk).toMatch(
      / · the last run was killed or crashed \d+(\.\d)? s ago: what it made is kept\n/,
    );
    expect(end.talk).toContain(
      `plan      ${kept} of 800 calls found in the store · ${800 - kept} new (up to ${PARALLEL} asked again: in flight at the kill)\n`,
    );
    expect(end.talk).toMatch(
      /\ndone {6}200 rows · 0 dropped · \d+ new calls · 800 calls in all · \d+k tokens in, \d+k out · \d+(\.\d)? s · \d+ kB on disk\n/,
    );
    expect(end.talk.split('\n').at(-2)).toBe(
      `look      ${COMMAND} report tickets · ${COMMAND} show tickets · pd.read_parquet("artifacts/tickets/parquet-files")`,
    );
    expect(await calls()).toBe(800);
    finished = await workplace.rows();
    expect(new Set(finished.map(({ ticket_id }) => ticket_id)).size).toBe(200);
  });

  it('say that there is nothing to do, without a server', async () => {
    const end = await run().ended;
    expect(end.talk).toContain('plan      all of it is there, nothing to do\n');
    expect(end.talk).not.toContain('temporal');
    expect(end.code).toBe(0);
  });

  it('show a row and what made it', async () => {
    const end = await workplace.command(['show', 'tickets', '17']).ended;
    expect(end).toMatchObject({ code: 0, talk: '' });
    const row = finished[17];
    expect(end.output).toContain(String(row?.ticket_id));
    expect(end.output).toContain('made-up-writer');
    const json = await workplace.command(['show', 'tickets', '17', '--json']).ended;
    expect(JSON.parse(json.output)).toMatchObject({ row: 17, values: { ticket_id: row?.ticket_id } });
  });

  it('edit a prompt: nothing is done without an answer, and the old output is kept beside the new', async () => {
    const file = join(workplace.directory, EXAMPLE);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('Write a ticket', 'Write an angry ticket'));
    const line = text.split('\n').findIndex((found) => found.includes('Write a ticket')) + 1;
    const refused = await run().ended;
    expect(refused.code).toBe(2);
    expect(refused.talk).toContain(
      [
        `plan      body: prompt changed (line ${line}) → 200 again · verdict: needs body → up to 200 again`,
        "          severity, summary: 400 kept · today's 200 rows stay until the new ones are complete",
        'error     Cannot make up to 400 existing cells again without an answer: use --yes to regenerate them, --keep to keep them, or --dry-run to see them\n',
      ].join('\n'),
    );
    expect(await calls()).toBe(800);

    const end = await run('--yes').ended;
    expect(end.talk).toMatch(
      /\ndone {6}200 rows · 400 calls made, 400 kept · \d+(\.\d)? s · old rows: artifacts\/tickets\/editions\/0+[1-9]\n/,
    );
    expect(end.code).toBe(0);
    expect(await calls()).toBe(1_200);
    const rows = await workplace.rows();
    expect(rows.map(({ summary }) => summary)).toEqual(finished.map(({ summary }) => summary));
    expect(rows.filter(({ body }, row) => body !== finished[row]?.body).length).toBeGreaterThan(190);
    finished = rows;
  });

  it('extend it: the rows that are there stay as they are', async () => {
    const end = await run('-n', '300').ended;
    expect(end.talk).toContain('plan      800 of 1,200 calls found in the store · 400 new\n');
    expect(end.talk).toMatch(
      /\ndone {6}300 rows · 400 new calls · \d+(\.\d)? s · the first 200 are unchanged\n/,
    );
    expect(end.code).toBe(0);
    const rows = await workplace.rows();
    expect(rows).toHaveLength(300);
    expect(rows.slice(0, 200)).toEqual(finished);
  });

  it('try a document of Data Designer: all that is wrong with it is said at once, and no call is made', async () => {
    mkdirSync(join(workplace.directory, 'dd'));
    cpSync(
      join(import.meta.dirname, '../support/support.yaml'),
      join(workplace.directory, 'dd', 'support.yaml'),
    );
    const command = workplace.command(['run', 'dd/support.yaml', '--dry-run'], {
      // Without the providers that the reader of this test may have.
      environment: { HOME: workplace.directory },
    });
    const end = await command.ended;
    expect(end.talk.split('\n')).toEqual([
      'error     dd/support.yaml:43:5 column "repro_ok": validator_params.validation_function is missing',
      '          43 │ validator_params: {}',
      '             │ ^',
      'error     dd/support.yaml:52:14 column "note": no column "seveity", did you mean "severity"? (in prompt)',
      '          52 │ For {{ seveity }} severity, be brief.',
      '             │        ^',
      'error     NVIDIA_API_KEY is not set (provider "nvidia") · to try without: --simulate',
      'refused   3 errors, no call was made',
      '',
    ]);
    expect(end.code).toBe(2);
  });
});
