// What people read of a document with something wrong in it.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../store/support.ts';
import { cli } from './cli.ts';

async function validate(text: string, width?: number): Promise<readonly string[]> {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'config.yaml'), text);
  const screen = width === undefined ? null : { width, hasColors: false };
  return (await cli(['validate', 'config.yaml'], { cwd, screen })).talk;
}

describe('an error in a document', () => {
  it('comes with its line and a caret under the place', async () => {
    const talk = await validate(`columns:
  - { name: a, column_type: sampler, sampler_type: uuid }
  - name: b
    column_type: expression
    expr: "{{ aa }}"
`);
    expect(talk).toEqual([
      'error     config.yaml:5:15 column "b": no column "aa", did you mean "a"? (in expr)',
      '          5 │ expr: "{{ aa }}"',
      '            │           ^',
      'invalid   1 error',
    ]);
  });

  it('shows a long line from shortly before the place, as wide as the terminal', async () => {
    const talk = await validate(
      `columns: [{ name: a, column_type: sampler, sampler_type: uuid }, { name: "文字", column_type: expression, expr: "{{ aa }} and a long rest of a line, which is cut" }]`,
      70,
    );
    expect(talk.slice(1, 3)).toEqual([
      '          1 │ 文字", column_type: expression, expr: "{{ aa }} and a long',
      '            │                                           ^',
    ]);
  });

  it('shows no line that may hold a secret', async () => {
    const talk = await validate(`columns:
  - { name: a, column_type: sampler, sampler_type: uuid }
rowloom:
  providers:
    - { name: p, provider_type: openai, endpoint: "http://127.0.0.1:1/v1", api_key: sk-1234567, api_kee: 1 }
`);
    expect(talk.join('\n')).toContain('config.yaml:5:');
    expect(talk.join('\n')).not.toContain('sk-1234567');
  });
});
