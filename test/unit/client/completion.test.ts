import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from './cli.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'rowloom-completion-'));
for (const name of ['artifacts/trips', 'artifacts/tickets', 'data/other'])
  mkdirSync(path.join(folder, name), { recursive: true });
// All commands are loaded, Temporal's client with them.
beforeAll(() => cli(['completion', 'zsh'], { cwd: folder }), 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('completion', () => {
  it('in bash gives commands, options and names of datasets', async () => {
    const { output } = await cli(['completion', 'bash'], { cwd: folder });
    const lines = [
      'rowloom st',
      'rowloom show t',
      'rowloom show --out data ',
      'rowloom graph --f',
      'rowloom run t',
    ];
    const asked = lines.map(
      (line) => `COMP_WORDS=(${line}${line.endsWith(' ') ? "''" : ''})
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMPREPLY=(); _rowloom; echo "\${COMPREPLY[*]}"`,
    );
    const script = [...output, ...asked].join('\n');
    expect(execFileSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' }).split('\n')).toEqual([
      'start stop status',
      'tickets trips',
      'other',
      '--format',
      '',
      '',
    ]);
  });

  it('in fish says what commands and options are for', async () => {
    const { output } = await cli(['completion', 'fish'], { cwd: folder });
    expect(output).toContain(
      "complete -c rowloom -n __fish_use_subcommand -f -a graph -d 'show which column needs which'",
    );
    expect(output).toContain(
      "complete -c rowloom -n '__fish_seen_subcommand_from show' -f -a '(ls artifacts 2>/dev/null)'",
    );
  });

  it('names the shells that it knows', async () => {
    const { talk, code } = await cli(['completion', 'csh'], { cwd: folder });
    expect([code, talk[0]]).toEqual([2, expect.stringContaining('Allowed choices are bash, zsh, fish')]);
  });
});
