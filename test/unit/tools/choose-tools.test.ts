import { expect, it } from 'vitest';
import { chooseTools } from '../../../src/tools/choose-tools.ts';

const tool = (name: string) => ({ name, description: '', parameters: {} });
const LISTINGS = new Map([
  ['left', [tool('search'), tool('list')]],
  ['right', [tool('draw')]],
]);
const choose = (servers: readonly string[], allowed?: readonly string[]) =>
  chooseTools({ servers, maxTurns: 5, ...(allowed === undefined ? {} : { allowed }) }, LISTINGS);

it('offers all tools of the servers, or those that are allowed, in the order of the servers', () => {
  expect(choose(['right', 'left'])).toMatchObject({
    definitions: [tool('draw'), tool('search'), tool('list')],
  });
  expect(choose(['left', 'right'], ['draw', 'list'])).toMatchObject({
    definitions: [tool('list'), tool('draw')],
  });
  expect(choose(['left'], ['list'])).toMatchObject({
    serverOf: new Map([
      ['search', 'left'],
      ['list', 'left'],
    ]),
  });
});

it('says what is wrong', () => {
  expect(choose(['left', 'right'], ['drow', 'lost'])).toEqual({
    problem:
      'allow_tools: no tool "drow", "lost" in MCP provider "left" or "right": they have search, list, draw',
  });
  const twice = new Map([...LISTINGS, ['other', [tool('list')]]]);
  expect(chooseTools({ servers: ['left', 'other'], maxTurns: 5 }, twice)).toEqual({
    problem: 'tool "list" is in MCP providers "left" and "other": name one of them alone',
  });
});
