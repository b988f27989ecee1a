import { describe, expect, it } from 'vitest';
import type { ColumnType } from '../../../src/plan.ts';
import type { ProcessedBatch } from '../../../src/processors/declaration.ts';
import { make } from '../../../src/processors/schema-transform/make.ts';
import { asTemplate } from '../../../src/processors/schema-transform/template.ts';
import { asStored } from '../../../src/store/read-parquet.ts';
import { formatJson, type Value, type ValueObject } from '../../../src/values.ts';
import { NO_FUNCTIONS, planWith } from '../../support/plans.ts';

async function transformed(
  template: Value,
  values: ValueObject,
): Promise<NonNullable<ProcessedBatch['own']>> {
  const form = { template: formatJson(template) };
  const open = make.open(
    { kind: 'schema_transform', name: 'chat', form },
    {
      ...{ plan: planWith([]), functions: NO_FUNCTIONS, signal: new AbortController().signal },
    },
  );
  return (await open([{ row: 17, values }])).own!;
}

const record = async (template: Value, values: ValueObject) => (await transformed(template, values)).rows[0];

describe('schema_transform', () => {
  it('makes text of every leaf with a placeholder, and keeps literals as they are', async () => {
    const template = {
      n: '{{ five }}',
      none: '{{ nothing }}',
      five: 5n,
      half: 0.5,
      yes: true,
      word: 'a "b"',
    };
    expect(await record(template, { five: 5n, nothing: null })).toEqual({
      ...template,
      n: '5',
      none: 'null',
    });
  });

  it('prints lists and objects as JSON, and still looks into them', async () => {
    const values = { verdict: { tone: 'calm', marks: [1n, 2n] } };
    expect(await record({ all: '{{ verdict }}', tone: '{{ verdict.tone }}' }, values)).toEqual({
      all: '{"tone":"calm","marks":[1,2]}',
      tone: 'calm',
    });
  });

  it('takes quotes and line ends in braces and in values', async () => {
    const template = { a: '{{ "x" ~\n"y" }}', b: '{{ body }}' };
    expect(await record(template, { body: 'say "no"\n\\ twice' })).toEqual({
      a: 'xy',
      b: 'say "no"\n\\ twice',
    });
  });

  it('renders keys', async () => {
    expect(await record({ by: { '{{ tier }}': '{{ n }}' } }, { tier: 'free', n: 1n })).toEqual({
      by: { free: '1' },
    });
  });

  it('has one schema, whatever the rows hold', async () => {
    const messages = [{ role: 'user', content: '{{ n }}' }, { role: 'tool', weight: 1n }, { weight: 0.5 }];
    const template = { messages, mixed: [1n, 'a'], none: null, free: { '{{ n }}': 1n }, empty: {} };
    const { columns } = await transformed(template, { n: 1n });
    const text = { kind: 'text' };
    const fields = [
      { name: 'role', type: text },
      { name: 'content', type: text },
      { name: 'weight', type: { kind: 'float' } },
    ];
    expect(columns).toEqual([
      { name: 'messages', type: { kind: 'list', item: { kind: 'struct', fields } } },
      { name: 'mixed', type: { kind: 'list', item: { kind: 'json' } } },
      { name: 'none', type: text },
      { name: 'free', type: { kind: 'json' } },
      { name: 'empty', type: { kind: 'json' } },
    ]);
  });

  it('names itself, the row and what it met when a row cannot be rendered', async () => {
    await expect(record({ n: '{{ 1 / zero }}' }, { zero: 0n })).rejects.toThrow(
      /^Cannot go on with row 17: processor "chat": .*Mend it, then run the same command again: what was made is kept$/,
    );
  });

  it('is as its template in JSON: without fields of other items, and lists and objects where they stand alone', async () => {
    const messages = [
      { role: 'user', content: '{{ n }}' },
      { role: 'tool', weight: null },
    ];
    const template = { messages, turns: '{{ turns }}', said: 'Said: {{ turns }}', text: '{{ text }}' };
    const turns = [{ role: 'user', content: 'Hi' }];
    const { rows, columns } = await transformed(template, { n: 1n, turns, text: '[1]' });
    const stored = asStored(rows[0]!, { kind: 'struct', fields: columns });
    const list: ColumnType = { kind: 'list', item: { kind: 'json' } };
    const typeOf = (name: string) => (name === 'turns' ? list : ({ kind: 'text' } as const));
    expect(asTemplate(template, stored, typeOf)).toEqual({
      messages: [
        { role: 'user', content: '1' },
        { role: 'tool', weight: null },
      ],
      turns,
      said: `Said: ${JSON.stringify(turns)}`,
      text: '[1]',
    });
  });
});
