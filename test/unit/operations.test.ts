// The containers of docker-compose.yml, as far as they can be checked without an engine: the file keeps to the Compose
// specification, and every command that it and docs/operations.md name is one that Rowloom has.

import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { cli } from './client/cli.ts';

interface Service {
  readonly build?: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly depends_on?: { readonly [service: string]: { readonly condition: string } };
}

const compose: { readonly services: { readonly [name: string]: Service } } = parse(
  readFileSync('docker-compose.yml', 'utf8'),
  { merge: true },
);

/** schema/compose-spec.json of compose-spec/compose-spec, 2026-06-23. */
const { $schema: _, ...schema } = JSON.parse(readFileSync('test/support/compose-spec.json', 'utf8'));
const isCompose = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);

it('docker-compose.yml keeps to the Compose specification', () => {
  isCompose(compose);
  expect(isCompose.errors).toBeNull();
  expect(isCompose({ services: { worker: { comand: ['worker'] } } })).toBe(false);
});

it('no service waits for one that is not there, or for the end of one that stays', () => {
  for (const { depends_on = {} } of Object.values(compose.services)) {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      const restart = compose.services[name] as { readonly restart?: string } | undefined;
      const ends = restart?.restart?.startsWith('on-failure') === true;
      expect([name, condition]).toEqual([name, ends ? 'service_completed_successfully' : 'service_healthy']);
    }
  }
});

const ownServices = Object.values(compose.services).filter(({ build }) => build !== undefined);
const documented = [
  ...readFileSync('docs/operations.md', 'utf8').matchAll(/^.*?\browloom ([a-z]+)( [^#>\n]*)?/gm),
]
  .filter(([line]) => /^(?:docker compose exec|rowloom) /.test(line))
  .map(([, command = '', rest = '']): readonly string[] => [command, ...rest.trim().split(/ +/)]);

it.each([...ownServices.map(({ command = [] }) => command), ...documented])(
  'Rowloom has the command "%s" with the options it is given',
  async (command, ...rest) => {
    const { output, code } = await cli([command, '--help'], { cwd: process.cwd() });
    expect(code).toBe(0);
    const help = output.join('\n');
    expect(help).toContain(`Usage: rowloom ${command}`);
    for (const option of rest.filter((text) => text.startsWith('-'))) expect(help).toContain(`${option} `);
  },
);

it('the worker and all that is documented are among the commands checked', () => {
  expect(ownServices).toHaveLength(1);
  expect(new Set(documented.map(([command]) => command))).toEqual(
    new Set(['start', 'watch', 'status', 'stop', 'export', 'worker']),
  );
});
