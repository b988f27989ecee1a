import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileAddress } from '../../../src/documents/web-document.ts';
import { type ConfigError, formatViolation } from '../../../src/errors.ts';
import { openSeeds } from '../../../src/seeds/open-seeds.ts';
import { processStart } from '../../../src/server/processes.ts';
import { prepareFiles, violationsOf, writeFiles } from '../config/prepared.ts';
import { temporaryFolder } from '../store/support.ts';

const DOCUMENT = 'columns: [{ name: id, column_type: sampler, sampler_type: uuid }]\n';

describe('a document of the web', () => {
  let server: Server;
  let address: string;
  let answer: { readonly status?: number; readonly body?: string; readonly location?: string };
  const asked: string[] = [];

  beforeEach(async () => {
    answer = { body: DOCUMENT };
    asked.length = 0;
    server = createServer((request, response) => {
      asked.push(request.url!);
      const { status = 200, body = '', location } = asked.length > 1 ? { body: DOCUMENT } : answer;
      response.writeHead(status, location === undefined ? {} : { location }).end(body);
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => void server.close());

  it('is read as a file is, and named without what may be a key in its address', async () => {
    const { plan, document } = await prepareFiles({}, { file: `${address}/a/ids.yaml?token=secret#top` });
    expect(plan.columns.map(({ name }) => name)).toEqual(['id']);
    expect(document).toBe(`${address}/a/ids.yaml`);
    expect(asked).toEqual(['/a/ids.yaml?token=secret']);
  });

  it('may be elsewhere', async () => {
    answer = { status: 302, location: '/b.yaml' };
    const { plan } = await prepareFiles({}, { file: `${address}/a.yaml` });
    expect(plan.columns).toHaveLength(1);
  });

  it('says at which line it is wrong, and why there is none', async () => {
    const says = async (file = '/a.yaml') => {
      asked.length = 0;
      const violations = await violationsOf({}, { file: `${address}${file}` });
      return violations.map((text) => text.replace(address, '…'));
    };
    answer = { body: 'columns:\n  - { name: id, column_type: samplr }\n' };
    expect(await says()).toEqual([
      'error …/a.yaml:2:30 column "id": no column_type "samplr", did you mean "sampler"?',
    ]);
    answer = { status: 404 };
    expect(await says()).toEqual(['error …/a.yaml does not exist (404)']);
    answer = { status: 403 };
    expect(await says()).toEqual([
      'error …/a.yaml cannot be fetched: it is not for everybody (403), and no key is sent; save it as a file',
    ]);
    answer = { body: `${DOCUMENT}#${' '.repeat(4 * 2 ** 20)}` };
    expect(await says()).toEqual(['error …/a.yaml is too large for a config document: at most 4 MB']);
    expect(await says('/a.py')).toEqual([
      'error …/a.py is Python: save it as a file, and look at what it does first',
    ]);
    expect(await says('/a.html')).toEqual(['error …/a.html has to end in .yaml, .yml or .json']);
    expect(asked).toEqual([]);
    server.close();
    server.closeAllConnections();
    expect((await says())[0]).toMatch(/^error …\/a\.yaml cannot be fetched: .*ECONNREFUSED/);
  });

  it('is refused where it would send what is on this machine to where it says', async () => {
    const column = (fields: string) => `columns: [{ name: a, ${fields} }]\n`;
    const ids = column('column_type: sampler, sampler_type: uuid');
    const provider = (fields: string) =>
      `rowloom: { providers: [{ name: p, endpoint: "https://e.test", ${fields} }] }\n`;
    const says = async (body: string) => {
      asked.length = 0;
      answer = { body };
      const lines = await violationsOf({}, { file: `${address}/a.yaml` });
      return lines.map((text) => text.replace(/.*a\.yaml:[\d:]+ /, ''));
    };
    const look = ', and the document is at an address: download it and look at it, then run the file';
    const key = `names a variable of your environment${look}`;
    expect(await says(ids + provider('api_key: AWS_SECRET_ACCESS_KEY'))).toEqual([
      `provider "p": api_key ${key}`,
    ]);
    expect(
      await says(`${ids}model_providers: [{ name: p, endpoint: "https://e.test", api_key: AWS }]`),
    ).toContain(`provider "p": api_key ${key}`);
    expect(await says(ids + provider(`extra_headers: { x-a: "\${AWS}" }`))).toEqual([
      `provider "p": extra_headers.x-a ${key}`,
    ]);
    const seeds = (source: string) => `${ids}seed_config: { source: { ${source} } }\n`;
    expect(await says(seeds('seed_type: hf, path: a/b.csv, token: AWS'))).toEqual([
      `seed_config.source.token ${key}`,
    ]);
    for (const source of [
      ...['local, path: a.csv', 'directory, path: "."', 'file_contents, path: "."'],
      ...['agent_rollout, format: codex', 'dataset, name: a'],
    ]) {
      expect(await says(seeds(`seed_type: ${source}`))).toEqual([
        `seed_config.source.seed_type names seed data of your machine${look}`,
      ]);
    }
    expect(await says(column('column_type: custom, generator_function: ./a.ts#a'))).toEqual([
      `column "a": generator_function names a module of your machine${look}`,
    ]);
    const tools = `${ids.replace(']', ', { name: b, column_type: llm-text, model_alias: m, prompt: See, tool_alias: t }]')}
tool_configs: [{ tool_alias: t, providers: [kb] }]\nmodel_configs: [{ alias: m, model: m, provider: p }]\n`;
    expect(await says(tools + provider('provider_type: simulated'))).toEqual([
      `tools "t": providers names tools that act in your name${look}`,
    ]);
    const shown = (type: string) =>
      `${ids.replace(']', `, { name: b, column_type: llm-text, model_alias: m, prompt: See, multi_modal_context: [{ column_name: a${type} }] }]`)}
model_configs: [{ alias: m, model: m, provider: p }]\n${provider('provider_type: simulated')}`;
    expect(await says(shown(''))).toEqual([
      `column "b": multi_modal_context[0].column_name names cells that may be files of your machine (data_type "url" or "base64" says that they are none)${look}`,
    ]);
    expect(await says(shown(', data_type: url'))).toEqual([]);
  });

  it.each([
    [
      'https://github.com/o/r/blob/main/a/b.yaml?raw=1',
      'https://raw.githubusercontent.com/o/r/main/a/b.yaml?raw=1',
    ],
    ['https://huggingface.co/o/r/blob/main/a.yaml', 'https://huggingface.co/o/r/raw/main/a.yaml'],
    [
      'https://huggingface.co/datasets/o/r/blob/main/a.yaml',
      'https://huggingface.co/datasets/o/r/raw/main/a.yaml',
    ],
    ['https://github.com/o/r/tree/main/a.yaml', 'https://github.com/o/r/tree/main/a.yaml'],
  ])('is the file of a page: %s', (page, file) => {
    expect(fileAddress(new URL(page)).href).toBe(file);
  });
});

const DOCUMENTS = path.join(import.meta.dirname, '../../../src/documents/python-document.ts');

/** As much of Data Designer as a document needs here: the loader runs the program, whose builder says what it holds. */
const LIBRARY = {
  'data_designer/__init__.py': '',
  'data_designer/cli/__init__.py': '',
  'data_designer/cli/utils/__init__.py': '',
  'data_designer/cli/utils/config_loader.py': `
import runpy
def load_config_builder(path, params=None):
    load = runpy.run_path(path)["load_config_builder"]
    return load(params) if params else load()
`,
  'data_designer/config/script_params.py': `
class DataDesignerScriptParams:
    def __init__(self, argv): self.argv = argv
`,
  'pyarrow.py': `
class ArrowInvalid(ValueError): pass
class ArrowTypeError(TypeError): pass
class ArrowNotImplementedError(NotImplementedError): pass
`,
  'data_designer/config/__init__.py': `
from pyarrow import ArrowInvalid
class Plain:
    def __init__(self, **fields): self.__dict__.update(fields)
class Frame:
    def __init__(self, rows, error=ArrowInvalid("mixed")): self.rows, self.error = rows, error
    def to_parquet(self, path, index): raise self.error
    def to_dict(self, orient): return self.rows
class Builder:
    def __init__(self, columns, frame=None): self.columns, self.frame = columns, frame
    def get_seed_config(self):
        return self.frame and Plain(source=Plain(seed_type="df", df=self.frame))
    def get_builder_config(self): return self
    def get_column_configs(self): return self.columns
    def to_dict(self):
        seeds = self.frame and {"source": {"seed_type": "df"}}
        columns = [column.written for column in self.columns]
        return {"data_designer": {"columns": columns, "seed_config": seeds}, "library_version": "0.9.7"}
`,
  'data_designer/config/column_configs.py': `
from data_designer.config import Plain
class CustomColumnConfig(Plain): pass
`,
};

const PROGRAM = `
from data_designer.config import Builder, Frame, Plain
from data_designer.config.column_configs import CustomColumnConfig
print("hello")
def shout(row):
    return {**row, "loud": row["city"].upper()}
def load_config_builder():
    label = Plain(name="label", written={"name": "label", "column_type": "expression", "expr": "{{ city }}!"})
    loud = CustomColumnConfig(
        name="loud", generator_function=shout, required_columns=["city"], side_effect_columns=["size"],
        written={"name": "loud", "column_type": "custom", "generator_function": "shout"},
    )
    return Builder([label, loud], Frame([{"city": "Ulm"}, {"city": "Oslo"}]))
`;

describe('a document that is a program in Python', () => {
  let library: string;

  beforeEach(async () => {
    library = await temporaryFolder();
    await writeFiles(library, LIBRARY);
  });

  const prepared = (program: string) =>
    prepareFiles(
      { 'cities.py': program },
      { file: 'cities.py', environment: { PATH: process.env.PATH, PYTHONPATH: library } },
    );
  const says = (program: string, environment: { readonly [name: string]: string | undefined } = {}) =>
    violationsOf(
      { 'cities.py': program },
      {
        file: 'cities.py',
        environment: { PATH: process.env.PATH, PYTHONPATH: library, ...environment },
      },
    );

  it('is what it builds, with the rows of a table in its memory', async () => {
    const { plan, seeds, document } = await prepared(PROGRAM);
    expect(plan.columns.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'city seed-dataset',
      'label expression',
      'loud custom',
    ]);
    expect(seeds).toEqual({ name: 'rows of cities.py', rows: 2 });
    expect(document).toBe('cities.py');
  });

  it('is given what follows "--", as Data Designer gives it', async () => {
    const program = PROGRAM.replace('load_config_builder():', 'load_config_builder(params):').replace(
      '"Oslo"',
      '" ".join(params.argv)',
    );
    const { plan } = await prepareFiles(
      { 'cities.py': program },
      {
        ...{ file: 'cities.py', scriptArgs: ['--city', "l'Île d'Yeu"] },
        environment: { PATH: process.env.PATH, PYTHONPATH: library },
        openSeeds: async (source, places) => {
          const text = await readFile((source as { path: string }).path, 'utf8');
          const [, last = ''] = text.split('\n');
          expect(JSON.parse(last)).toEqual({ city: "--city l'Île d'Yeu" });
          return openSeeds(source, places);
        },
      },
    );
    expect(plan.seedSource?.sourceRows).toBe(2);
    expect(await violationsOf({ 'config.yaml': DOCUMENT }, { scriptArgs: ['--rows'] })).toEqual([
      'error config.yaml takes no arguments behind "--": only a file of Python does',
    ]);
  });

  it('gives the same plan at the next start, and another one where a function changed', async () => {
    const [first, same, other] = [
      await prepared(PROGRAM),
      await prepared(PROGRAM),
      await prepared(PROGRAM.replace('.upper', '.lower')),
    ];
    expect(same.plan).toEqual(first.plan);
    const forms = (of: typeof first) => of.plan.columns.map(({ form }) => form);
    expect(forms(other)[1]).toEqual(forms(first)[1]);
    expect(forms(first)[2]).toMatchObject({ activity: { queue: 'python', name: 'shout' }, reads: ['city'] });
    expect(forms(other)[2]).not.toEqual(forms(first)[2]);
  });

  it('gives another plan where what its function uses changed in the same file', async () => {
    const program = (more: string) => PROGRAM.replace('def shout', `SIZE = ${more}\ndef shout`);
    const [first, other] = [await prepared(program('1')), await prepared(program('2'))];
    expect(other.plan.columns[2]?.form).not.toEqual(first.plan.columns[2]?.form);
  });

  it('refuses a function that no file is known of: its cells would be made again at each start', async () => {
    const partial = 'import functools\nshout = functools.partial(shout)\ndef load_config_builder';
    expect(await says(PROGRAM.replace('def load_config_builder', partial))).toEqual([
      'error cities.py cannot be run: ValueError: no file tells when the function of column "loud" changes, which is of the type "partial": write it with def, and call the other one in it',
    ]);
  });

  it('has the values of a table that has no place in Parquet as they are, and says why a table cannot be written', async () => {
    const values =
      '"small": 1e-20, "long": 0.12345678901234568, "none": float("nan"), "at": datetime(2026, 1, 2)';
    const table = PROGRAM.replace('"Ulm"', `"Ulm", ${values}`);
    let rows: readonly object[] = [];
    await prepareFiles(
      { 'cities.py': `from datetime import datetime\n${table}` },
      {
        file: 'cities.py',
        environment: { PATH: process.env.PATH, PYTHONPATH: library },
        openSeeds: async (source, places) => {
          const lines = await readFile((source as { path: string }).path, 'utf8');
          rows = lines
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line));
          return openSeeds(source, places);
        },
      },
    );
    const city = { city: 'Ulm', small: 1e-20, long: 0.12345678901234568, none: null };
    expect(rows).toEqual([{ ...city, at: '2026-01-02T00:00:00' }, { city: 'Oslo' }]);
    const full = PROGRAM.replace('"Oslo"}]', '"Oslo"}], OSError("no space left")');
    expect(await says(full)).toEqual(['error cities.py cannot be run: OSError: no space left']);
  });

  it.each([
    ['SIGINT', "process.once('SIGINT', () => process.exit(130));", 130],
    ['SIGTERM', '', 143],
    ['SIGHUP', '', 129],
  ] as const)(
    'leaves neither Python nor a file where %s ends the process before it',
    async (signal, handler, code) => {
      const place = await temporaryFolder();
      const script = `import { writeByPython } from ${JSON.stringify(DOCUMENTS)};
      ${handler}
      void writeByPython({ place: 'cities.py', shown: '', file: '', cwd: '.', environment: process.env });`;
      const slow = 'import os, time\nopen("pid", "w").write(str(os.getpid()))\ntime.sleep(60)\n';
      await writeFiles(place, { 'cities.py': slow, 'program.mjs': script });
      const environment = { PATH: process.env.PATH, PYTHONPATH: library, TMPDIR: place };
      const args = ['--import', import.meta.resolve('tsx'), 'program.mjs'];
      const child = spawn(process.execPath, args, { cwd: place, env: environment });
      const pid = async () => Number(await readFile(path.join(place, 'pid'), 'utf8').catch(() => 0));
      await expect.poll(pid, { timeout: 110_000 }).toBeGreaterThan(0);
      const python = await pid();
      child.kill(signal);
      expect(await once(child, 'close')).toEqual([code, null]);
      await expect.poll(() => processStart(python)).toBeUndefined();
      expect((await readdir(place)).filter((name) => name.startsWith('rowloom-'))).toEqual([]);
    },
  );

  it('says what is wrong with it, and what to do', async () => {
    expect(await says('def load_config_builder():\n    raise ValueError("no city")\n')).toEqual([
      'error cities.py cannot be run: ValueError: no city',
    ]);
    expect(await says('import os\nos._exit(1)\n')).toEqual(['error cities.py ended without a config']);
    const parser = (defined: string) => `import argparse
def load_config_builder():
    parser = argparse.ArgumentParser()
    ${defined}
    parser.parse_args()
`;
    const needing = parser('parser.add_argument("city")');
    expect(await says(needing)).toEqual([
      'error cities.py ended without a config: cities.py: error: the following arguments are required: city',
    ]);
    const helping = needing.replace('parse_args()', 'parse_args(["--help"])');
    expect((await says(helping)).join()).toMatch(
      /ended without a config: usage: cities.py .* city\n.*--help/s,
    );
    expect(await says(PROGRAM.replace('city }}!', 'town }}!'))).toEqual([
      'error cities.py column "label": no column "town" (in expr)',
    ]);
    const install = '"python3 -m pip install data-designer"';
    expect(await says(PROGRAM, { PYTHONPATH: '' })).toEqual([
      `error cities.py needs Data Designer in the Python that runs it: ${install}`,
    ]);
    const venv = path.join(library, 'venv');
    expect((await says(PROGRAM, { VIRTUAL_ENV: venv }))[0]).toMatch(
      /^error cities\.py needs Python with Data Designer, and ".*venv\/bin\/python" cannot be started/,
    );
    const gone = prepareFiles({}, { file: 'cities.py' }).catch((error: ConfigError) => error);
    expect(((await gone) as ConfigError).violations.map(formatViolation)).toEqual([
      'cities.py does not exist',
    ]);
  });
});
