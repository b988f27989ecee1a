import { expect, it } from 'vitest';
import { commandOf } from '../../../src/text/own-command.ts';

it.each([
  ['/home/me/rowloom/rowloom', '/home/me/rowloom', {}, './rowloom'],
  ['/home/me/rowloom/rowloom', '/home/me/data', {}, '/home/me/rowloom/rowloom'],
  ['/usr/local/bin/rowloom', '/home/me', { PATH: '/usr/bin:/usr/local/bin' }, 'rowloom'],
  ['/home/me/node_modules/.bin/rowloom', '/home/me', {}, 'npx rowloom'],
  ['/cache/_npx/1f/node_modules/.bin/rowloom', '/home/me', { npm_command: 'exec' }, 'npx rowloom'],
  ['/home/me/rowloom/dist/main.js', '/home/me/rowloom', {}, 'node ./dist/main.js'],
  ['/home/me/a b%2F/rowloom', '/home/me', {}, "'./a b%2F/rowloom'"],
  ["/home/me/it's/main.js", '/tmp', {}, "node '/home/me/it'\\''s/main.js'"],
])('%s started in %s is what a person typed', (script, cwd, environment, typed) => {
  expect(commandOf(script, { cwd, environment: { PATH: '/usr/bin', ...environment } })).toBe(typed);
});
