// The chats of docs/processors.md: what is printed there is what comes out.

import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { Workplace } from '../support/build-harness.ts';
import { buildByActivities } from '../support/built-by-activities.ts';
import { cli } from '../unit/client/cli.ts';

/** What the page shows after a command. */
function shown(command: string): string {
  const lines = readFileSync('docs/processors.md', 'utf8').split('\n');
  return lines[lines.indexOf(`$ ${command}`) + 1] ?? '';
}
const ROWS = 20;

const workplace = new Workplace();
const { directory: cwd } = workplace;
beforeAll(async () => {
  copyFileSync('examples/chat.yaml', join(cwd, 'chat.yaml'));
  await buildByActivities(cwd, ROWS, { target: 'chat.yaml' });
  return () => workplace.dispose();
});

it('are messages as OpenAI takes them, in a file that is told as in the docs', async () => {
  const command = ['export', 'chat', '--processor', 'openai', '--output', 'chats.jsonl'];
  const { code, talk } = await cli(command, { cwd });
  expect({ code, talk }).toEqual({ code: 0, talk: [shown(`npx rowloom ${command.join(' ')}`)] });
  const lines = readFileSync(join(cwd, 'chats.jsonl'), 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(ROWS);
  expect(lines[0]?.slice(0, 120)).toBe(shown('head -c 120 chats.jsonl'));
  for (const line of lines)
    expect(JSON.parse(line)).toEqual({
      messages: [
        { role: 'system', content: 'You work for a shop.' },
        { role: 'user', content: expect.stringMatching(/./) },
        { role: 'assistant', content: expect.stringMatching(/./) },
      ],
      topic: expect.stringMatching(/^an? /),
      weight: 1,
    });
});

it('are conversations as ShareGPT has them', async () => {
  const { output } = await cli(['export', 'chat', '--processor', 'sharegpt'], { cwd });
  const turns = [
    { from: 'human', value: expect.any(String) },
    { from: 'gpt', value: expect.any(String) },
  ];
  expect(output.map((line) => JSON.parse(line))).toEqual(Array(ROWS).fill({ conversations: turns }));
});

it('are of a processor that is there', async () => {
  const { code, talk } = await cli(['export', 'chat', '--processor', 'chatml'], { cwd });
  expect({ code, talk }).toEqual({
    code: 2,
    talk: [
      'error     Cannot export the records of processor "chatml" of "chat": no schema_transform has that name, there is openai, sharegpt',
    ],
  });
});
