import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RowMask } from '../../src/graph/row-mask.ts';
import type { DatasetStore } from '../../src/store/dataset-store.ts';
import { findGroup, type GroupRecord } from '../../src/store/groups.ts';
import { ActivityStage, activityEnvironment } from '../support/activity-stage.ts';
import { readRows } from '../support/read-output.ts';

async function group({ wish, build }: ActivityStage): Promise<GroupRecord> {
  return (await findGroup(wish.dataset, { rowGroup: 0, epoch: build.epoch }))!;
}

async function outputOf(dataset: DatasetStore): Promise<readonly object[]> {
  const rows: object[] = [];
  for await (const row of readRows(dataset)) rows.push(row);
  return rows;
}

function bytesOf({ wish }: ActivityStage): Promise<Buffer> {
  return readFile(wish.dataset.path('parquet-files/batch_00000.parquet'));
}

const isOf = (column: string) => (part: string) => part.startsWith(`cells/${column}/`);

/** body of row 1 is no number, note of row 2 is no JSON, row 3 has nothing to ask. */
const THREE_DROPS = {
  topics: ['sun', 'moon', 'mars', 'nothing'],
  script: ({ cell }: { cell: { column: string; row: number } }) => {
    if (cell.column === 'body' && cell.row === 1) return 'many';
    return cell.column === 'note' && cell.row === 2 ? 'Seven' : '';
  },
};

const REASONS = [
  { row: 1, column: 'size', kind: 'TypeCastError' },
  { row: 2, column: 'note', kind: 'UnusableAnswer' },
  { row: 3, column: 'body', kind: 'EmptyRenderedPrompt' },
];

describe('opening a row group', () => {
  it('says which columns there are', async () => {
    const stage = await ActivityStage.create({ topics: ['sun', 'moon'] });
    const { graph } = await stage.open();
    expect(graph.map(({ name, strategy }) => `${name} ${strategy}`)).toEqual([
      ...['topic root', 'body cell', 'size inline', 'note cell'],
    ]);
  });

  it('makes the roots of a new one', async () => {
    const stage = await ActivityStage.create({ topics: ['sun', 'moon'] });
    const { columns, dropped } = await stage.open();
    expect(RowMask.fromHex(stage.rows, columns.topic!.made).isFull).toBe(true);
    expect(columns.body).toEqual({ made: RowMask.empty(stage.rows).toHex(), part: null });
    expect(RowMask.fromHex(stage.rows, dropped).isEmpty).toBe(true);
  });

  it('takes the seed rows that were read when its build began, whatever becomes of the file', async () => {
    const stage = await ActivityStage.create({ topics: ['sun', 'moon'] });
    const file = join(dirname(stage.wish.document), 'topics.jsonl');
    await writeFile(file, '{"topic": "mars"}\n{"topic": "venus"}\n');
    const conductor = await stage.conduct();
    await rm(file);
    stage.restart();
    await stage.generateAll(conductor);
    await stage.commit(conductor);
    const output = await outputOf(stage.wish.dataset);
    expect(output).toMatchObject([{ topic: 'sun' }, { topic: 'moon' }]);
  });

  it('folds what earlier starts left into one part a column, as often as it is repeated', async () => {
    const stage = await ActivityStage.create({ topics: ['sun', 'moon'] });
    const conductor = await stage.conduct();
    conductor.finished(conductor.next()[0]!, await stage.generate((await stage.conduct()).next()[0]!));
    await stage.startAgain();
    const first = await stage.open();
    const again = await stage.open();
    for (const { columns } of [first, again]) {
      expect(RowMask.fromHex(stage.rows, columns.body!.made).isFull).toBe(true);
      expect(await stage.statusesIn(columns.body!.part)).toEqual(['0 ok', '1 ok']);
    }
    expect(again.columns.body!.part).not.toBe(first.columns.body!.part);
  });

  it('goes on from an earlier run of the same child: removes the copies that it was opened with, and keeps its drops', async () => {
    const stage = await ActivityStage.create({ topics: ['sun', 'moon'] });
    const conductor = await stage.conduct();
    const [task] = conductor.next();
    const { part } = await stage.generate(task!);
    const partsOf = async (column: string) => {
      const folder = `cells/${column}/00000`;
      const names = await stage.wish.dataset.files.list(folder);
      return names.map((name) => `${folder}/${name}`).sort();
    };
    const [before] = await partsOf('topic');
    const first = await stage.open();
    expect(await partsOf('topic')).toEqual([before, ...first.bases.filter(isOf('topic'))].sort());
    const bases = [...first.bases, 'cells/topic/00000/r000000-000001.000001.0123456789abcdef.jsonl'];
    const continues = { bases, dropped: RowMask.of(stage.rows, [1]).toHex(), lost: {} };
    // Twice at a time, as two processes would: the first try may have been thought dead.
    const opened = await Promise.all(
      ['one', 'other'].map((id) =>
        stage.run('openRowGroup', { rowGroup: 0, rows: stage.rows, continues }, activityEnvironment(1, id)),
      ),
    );
    for (const { dropped } of opened) expect(dropped).toBe(continues.dropped);
    for (const column of ['topic', 'body']) {
      const written = opened.flatMap(({ bases }) => bases.filter(isOf(column)));
      expect(await partsOf(column)).toEqual([column === 'topic' ? before : part, ...written].sort());
    }
    expect(await stage.statusesIn(opened[0]!.columns.body!.part)).toEqual(['0 ok', '1 ok']);
  });
});

describe('committing a row group', () => {
  it('writes the complete rows, and why each other one is dropped', async () => {
    const stage = await ActivityStage.create(THREE_DROPS);
    const conductor = await stage.conduct();
    await stage.generateAll(conductor);
    expect(await stage.commit(conductor)).toEqual({ rows: 1, dropped: 3 });
    expect(await outputOf(stage.wish.dataset)).toEqual([
      { topic: 'sun', body: '7', size: 7n, note: { n: 7n } },
    ]);
    expect((await group(stage)).drops).toMatchObject(REASONS);
  });

  it('finds the reasons again when another start opens cells that lead to a drop', async () => {
    const stage = await ActivityStage.create(THREE_DROPS);
    const first = await stage.conduct();
    await stage.generateAll(first);
    await stage.commit(first);
    await stage.startAgain();
    const second = await stage.conduct();
    await stage.generateAll(second);
    expect(await stage.commit(second)).toEqual({ rows: 1, dropped: 3 });
    expect((await group(stage)).drops).toMatchObject(REASONS);
    // The cells that were accepted are not made again, the one that failed is tried again.
    const asked = stage.asked.filter((name) => name === 'body 1' || name === 'note 0');
    expect(asked).toEqual(['body 1', 'note 0']);
  });

  it('knows the reasons of an earlier run of the same child', async () => {
    const stage = await ActivityStage.create(THREE_DROPS);
    const first = await stage.conduct();
    await stage.generateAll(first);
    const { dropped, lost } = first;
    const second = await stage.conduct({ bases: [], dropped, lost });
    await stage.generateAll(second);
    expect(await stage.commit(second)).toEqual({ rows: 1, dropped: 3 });
    expect((await group(stage)).drops).toMatchObject(REASONS);
    expect(stage.asked.filter((name) => name === 'note 2')).toHaveLength(2);
  });

  it('tries a cell again that failed in an earlier start, and drops its row for what it met now', async () => {
    const stage = await ActivityStage.create({
      topics: ['sun'],
      correctionSteps: 0,
      script: ({ cell }) => (cell.column === 'note' ? 'Seven' : ''),
    });
    const first = await stage.conduct();
    await stage.generateAll(first);
    await stage.commit(first);
    await stage.startAgain();
    stage.script = ({ cell }) => (cell.column === 'note' ? 'Eight' : '');
    const second = await stage.conduct();
    await stage.generateAll(second);
    await stage.commit(second);
    expect((await group(stage)).drops).toMatchObject([{ row: 0, column: 'note', kind: 'UnusableAnswer' }]);
    expect(stage.asked).toEqual(['body 0', 'note 0', 'note 0']);
  });

  it('is the same however often it is repeated, in this process or another', async () => {
    const stage = await ActivityStage.create(THREE_DROPS);
    const conductor = await stage.conduct();
    await stage.generateAll(conductor);
    const result = await stage.commit(conductor);
    const [bytes, record] = [await bytesOf(stage), await group(stage)];
    expect(await stage.commit(conductor)).toEqual(result);
    stage.restart();
    expect(await stage.commit(conductor)).toEqual(result);
    expect(await bytesOf(stage)).toEqual(bytes);
    expect(await group(stage)).toEqual(record);
  });

  it('removes the parts of a whole group, and none of one that was stopped', async () => {
    const stage = await ActivityStage.create({ topics: ['sun', 'moon'] });
    const stopped = await stage.conduct();
    const [task] = stopped.next();
    const { part } = await stage.generate(task!);
    stopped.finished(task!, { ...(await stage.generate(task!)), part });
    stopped.stop();
    await stage.commit(stopped);
    expect(existsSync(stage.wish.dataset.path(part!))).toBe(true);
    await stage.startAgain();
    const whole = await stage.conduct();
    await stage.generateAll(whole);
    await stage.commit(whole);
    expect(existsSync(stage.wish.dataset.path(part!))).toBe(false);
    expect(await outputOf(stage.wish.dataset)).toHaveLength(2);
  });
});
