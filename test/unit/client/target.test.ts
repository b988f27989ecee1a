import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../store/support.ts';
import { cli } from './cli.ts';

const DOCUMENT = 'columns: [{ name: id, column_type: sampler, sampler_type: uuid }]\n';

/** The name of the dataset that a command would make. */
async function nameOf(args: readonly string[], cwd: string): Promise<string | undefined> {
  await writeFile(join(cwd, 'config.yaml'), DOCUMENT);
  const { talk } = await cli(['run', 'config.yaml', ...args, '--dry-run'], { cwd });
  return /^dataset {3}(\S+) /.exec(talk[0] ?? '')?.[1];
}

describe('the name of a dataset', () => {
  it('ends with "-simulated" for --simulate, cut to what a name may have', async () => {
    const cwd = await temporaryFolder();
    expect(await nameOf(['--simulate'], cwd)).toBe('config-simulated');
    const long = 'a'.repeat(70);
    expect(await nameOf(['--simulate', '--name', long], cwd)).toBe(`${long}-simulated`);
    const cut = await nameOf(['--simulate', '--name', 'a'.repeat(80)], cwd);
    expect(cut).toMatch(/^a{61}-[0-9a-f]{8}-simulated$/);
    expect(await nameOf(['--simulate', '--name', 'a'.repeat(80)], cwd)).toBe(cut);
    expect(await nameOf(['--simulate', '--name', `${'a'.repeat(79)}b`], cwd)).not.toBe(cut);
    expect(await nameOf(['--simulate', '--name', cut ?? ''], cwd)).toBe(cut);
  });

  it('has its number before that ending, and fits with it too', async () => {
    const cwd = await temporaryFolder();
    const long = 'a'.repeat(80);
    for (const name of ['config', 'config-simulated', long])
      await mkdir(join(cwd, 'artifacts', name), { recursive: true });
    expect(await nameOf(['--new'], cwd)).toBe('config-2');
    expect(await nameOf(['--new', '--simulate'], cwd)).toBe('config-2-simulated');
    expect(await nameOf(['--new', '--name', long], cwd)).toMatch(/^a{69}-[0-9a-f]{8}-2$/);
  });

  it('is refused as it was typed where it is none', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'config.yaml'), DOCUMENT);
    for (const name of ['a'.repeat(81), 'my data', '.hidden', '']) {
      expect(await cli(['run', 'config.yaml', '--simulate', '--name', name], { cwd })).toEqual({
        output: [],
        talk: [
          `error     Cannot name a dataset "${name}": it takes up to 80 letters, digits, ".", "_" and "-", with a letter or digit first. Use --name`,
        ],
        code: 2,
      });
    }
  });
});

describe('a document that is no file', () => {
  const deep = `${'d'.repeat(200)}/`.repeat(30);

  it.each([
    ['-', /^error +Cannot read a document from standard input: name its file$/],
    ['folder', /^error +Cannot build in "~\/folder": it holds no dataset/],
    [`${deep}config.yaml`, /^refused +1 error, no call was made$/],
    ['/dev/zero', /^refused +1 error, no call was made$/],
    ['/dev/null', /^refused +1 error, no call was made$/],
    ['config.yaml/x.yaml', /^refused +1 error, no call was made$/],
  ])('ends in a plain line: %s', async (file, says) => {
    const cwd = await temporaryFolder();
    await mkdir(join(cwd, 'folder'));
    await writeFile(join(cwd, 'config.yaml'), DOCUMENT);
    const { talk, code } = await cli(['run', file, '--dry-run'], { cwd });
    expect(talk.at(-1)).toMatch(says);
    expect(talk.join()).not.toContain('    at ');
    expect(code).toBe(2);
  });

  it('may stand below a store whose path is too long', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'config.yaml'), DOCUMENT);
    const { talk, code } = await cli(['run', 'config.yaml', '--dry-run', '--out', deep], { cwd });
    expect(talk.at(-1)).toMatch(/^error +Cannot /);
    expect(talk.join()).not.toContain('    at ');
    expect(code).toBe(2);
  });
});
