import { mkdir, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findTarget, queryDigestOf } from '../../../src/client/wish/target.ts';
import { temporaryFolder } from '../store/support.ts';
import { cli } from './cli.ts';
import { tripsOnDisk } from './dataset-on-disk.ts';

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

describe('a document in Python', () => {
  it('goes on with the arguments of its dataset; others are another document', async () => {
    const scriptArgs = ['--city', 'Ulm'];
    const cwd = await tripsOnDisk({ document: '../trips.py', scriptArgs });
    await writeFile(join(cwd, 'trips.py'), '');
    await writeFile(join(cwd, 'other.py'), '');
    const find = (target: string, more: object = {}) =>
      findTarget({ target, cwd, isSimulated: false, isNew: false, ...more });
    expect((await find('trips.py')).scriptArgs).toEqual(scriptArgs);
    expect((await find('artifacts/trips')).scriptArgs).toEqual(scriptArgs);
    expect((await find('trips.py', { scriptArgs })).name).toBe('trips');
    expect((await find('trips.py', { scriptArgs: [], name: 'trips' })).scriptArgs).toEqual([]);
    expect((await find('other.py', { name: 'trips' })).scriptArgs).toEqual([]);
    const made = `the dataset was made from "${join(cwd, 'trips.py')}" with -- --city Ulm. Use --name trips`;
    for (const others of [[], ['--city', 'Bern']])
      await expect(find('trips.py', { scriptArgs: others })).rejects.toThrow(made);
  });

  it('alone is given what follows "--"', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'config.yaml'), DOCUMENT);
    for (const command of ['run', 'create', 'preview', 'validate', 'graph']) {
      const { talk, code } = await cli([command, 'config.yaml', '--', '--rows', '5'], { cwd });
      expect(talk.join('\n')).toContain('config.yaml takes no arguments behind "--"');
      expect(code).toBe(2);
    }
    const several = await cli(['run', 'config.yaml', 'config.yaml', '--', '5'], { cwd });
    expect(several.talk.join()).toContain('Cannot hand what follows "--" to several documents');
  });
});

describe('a folder or an address', () => {
  const find = (cwd: string, target: string) => findTarget({ target, cwd, isSimulated: false, isNew: false });

  it.each(['../trips.py', 'https://127.0.0.1:1/trips.yaml'])(
    'of a copy runs and fetches nothing that its record names: %s',
    async (document) => {
      const cwd = await tripsOnDisk({ document });
      await writeFile(join(cwd, 'trips.py'), '');
      await writeFile(join(cwd, 'artifacts/trips/builder_config.json'), DOCUMENT);
      expect((await find(cwd, 'artifacts/trips')).document).toBe(
        document.startsWith('https') ? document : join(cwd, 'trips.py'),
      );
      await mkdir(join(cwd, 'theirs'));
      await rename(join(cwd, 'artifacts/trips'), join(cwd, 'theirs/trips'));
      const found = await find(cwd, 'theirs/trips');
      expect(found).toMatchObject({ isCopy: true, document: join(cwd, 'theirs/trips/builder_config.json') });
    },
  );

  it('with another query is another document, and no message shows a query', async () => {
    const address = 'http://127.0.0.1:1/trips.yaml';
    const asked = `${address}?token=secret`;
    const cwd = await tripsOnDisk({ document: address, queryDigest: queryDigestOf(asked) });
    expect((await find(cwd, asked)).name).toBe('trips');
    await expect(find(cwd, `${address}?token=hidden`)).rejects.toThrow(
      `Cannot build "trips" from "${address}": the dataset was made from "${address}" with another query. Use --name trips`,
    );
    const { talk } = await cli(['run', 'artifacts/trips', '--dry-run'], { cwd });
    expect(talk[0]).toMatch(/cannot be fetched: .*; the record of .* name the full address/);
    await writeFile(join(cwd, 'config.yaml'), DOCUMENT);
    const runConfig = ['--run-config', 'https://127.0.0.1/run.yaml?token=secret'];
    const refused = await cli(['run', 'config.yaml', ...runConfig, '--dry-run'], { cwd });
    expect(refused.talk.join()).toContain('is an address');
    expect(refused.talk.join()).not.toContain('secret');
  });

  it('is shown without its query where it is told how to keep a preview', async () => {
    const cwd = await temporaryFolder();
    const server = createServer((_, response) => void response.end(DOCUMENT));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const args = ['preview', `http://127.0.0.1:${port}/ids.yaml?token=secret`, '-n', '1'];
    const { talk } = await cli(args, { cwd });
    server.close();
    expect(talk.at(-1)).toContain(`run http://127.0.0.1:${port}/ids.yaml -n 1`);
  });
});
