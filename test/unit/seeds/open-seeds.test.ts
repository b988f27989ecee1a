import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type SeedSourceConfig,
  type SeedSourceInput,
  seedConfigOf,
} from '../../../src/config/schema/seeds.ts';
import { openSeeds } from '../../../src/seeds/open-seeds.ts';
import type { ValueObject } from '../../../src/values.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'rowloom-sources-'));
});
afterEach(() => rm(cwd, { recursive: true }));

async function write(files: { readonly [name: string]: string | Uint8Array }): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(cwd, name)), { recursive: true });
    await writeFile(join(cwd, name), content);
  }
}

async function open(source: SeedSourceInput, environment: { [name: string]: string } = {}) {
  const config = seedConfigOf(source.seed_type).parse({ source }).source as SeedSourceConfig;
  return openSeeds(config, {
    cwd,
    folder: join(cwd, 'documents'),
    home: join(cwd, 'home'),
    environment,
    directory: join(cwd, 'artifacts'),
  });
}

async function rowsOf(source: SeedSourceInput, environment?: { [name: string]: string }) {
  const opened = await open(source, environment);
  if ('problem' in opened) throw new Error(`${opened.problem.field} ${opened.problem.message}`);
  return (await opened.source.readRows(0, opened.source.rowCount)) as readonly ValueObject[];
}

async function problemOf(source: SeedSourceInput): Promise<string> {
  const opened = await open(source);
  return 'problem' in opened ? `${opened.problem.field} ${opened.problem.message}` : 'none';
}

describe('a directory', () => {
  it('gives a row for each file, hidden and linked ones too, by their paths', async () => {
    await write({ 'docs/b.md': '', 'docs/a/c.md': '', 'docs/.x.md': '', 'docs/d.txt': '' });
    await symlink(join(cwd, 'docs/d.txt'), join(cwd, 'docs/link.md'));
    const rows = await rowsOf({ seed_type: 'directory', path: 'docs', file_pattern: '*.md' });
    expect(rows.map(({ relative_path: path }) => path)).toEqual(['.x.md', 'a/c.md', 'b.md', 'link.md']);
    expect(rows[1]).toEqual({
      source_kind: 'directory_file',
      source_path: join(cwd, 'docs/a/c.md'),
      relative_path: 'a/c.md',
      file_name: 'c.md',
    });
    const flat = await rowsOf({
      seed_type: 'directory',
      path: 'docs',
      file_pattern: '[!.]*',
      recursive: false,
    });
    expect(flat.map(({ file_name: name }) => name)).toEqual(['b.md', 'd.txt', 'link.md']);
  });

  it('is found beside the document too, and refused where it is not there or has no file', async () => {
    await write({ 'documents/notes/a.md': '' });
    expect(await rowsOf({ seed_type: 'directory', path: 'notes' })).toHaveLength(1);
    expect(await problemOf({ seed_type: 'directory', path: 'gone' })).toBe(
      'path names no folder: there is no gone in the working directory or beside the document',
    );
    expect(await problemOf({ seed_type: 'directory', path: 'notes', file_pattern: '*.txt' })).toBe(
      'file_pattern is "*.txt", and no file of notes is',
    );
  });
});

describe('file contents', () => {
  it('are text of any encoding', async () => {
    await write({ 'd/a.txt': 'Zoë', 'd/empty.txt': '' });
    const rows = await rowsOf({ seed_type: 'file_contents', path: 'd' });
    expect(rows.map(({ content, source_kind: kind }) => [kind, content])).toEqual([
      ['file_contents', 'Zoë'],
      ['file_contents', ''],
    ]);
    const written: [string, Buffer][] = [
      ['latin-1', Buffer.from('Zoë', 'latin1')],
      ['cp1252', Buffer.from([0x5a, 0x6f, 0xeb])],
      ['utf-16', Buffer.from('\ufeffZoë', 'utf16le')],
      ['utf-8-sig', Buffer.from('\ufeffZoë')],
      ['shift_jis', Buffer.from([0x93, 0xfa])],
    ];
    for (const [encoding, bytes] of written) {
      await write({ 'e/a.txt': bytes });
      const [row] = await rowsOf({ seed_type: 'file_contents', path: 'e', encoding });
      expect([encoding, row!.content]).toEqual([encoding, encoding === 'shift_jis' ? '日' : 'Zoë']);
    }
  });

  it('are refused in another encoding, by the name of the file, and in an unknown one', async () => {
    await write({ 'd/a.txt': Buffer.from('Zoë', 'latin1') });
    expect(await problemOf({ seed_type: 'file_contents', path: 'd' })).toBe(
      `encoding is utf-8, and ${join(cwd, 'd/a.txt')} is not`,
    );
    expect(await problemOf({ seed_type: 'file_contents', path: 'd', encoding: 'klingon' })).toBe(
      'encoding is "klingon", which is no encoding',
    );
  });
});

describe('rows in memory', () => {
  it('are a source as they are', async () => {
    const rows = [
      { n: 1n, tags: ['a'] },
      { n: 2n, who: { name: 'Ann' } },
    ];
    expect(await rowsOf({ seed_type: 'rows', rows })).toEqual([
      { n: 1n, tags: ['a'], who: null },
      { n: 2n, tags: null, who: { name: 'Ann' } },
    ]);
    expect(await problemOf({ seed_type: 'rows', rows: [{ n: 1n }, 2n] })).toBe('rows has no map as row 1');
    await expect(open({ seed_type: 'rows', rows: [] })).rejects.toThrow('rows of the document has no rows');
  });
});

describe('a data set on a hub', () => {
  const TOKEN = 'not-a-real-token';
  const parquet = (data: number[]) =>
    new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'n', data, type: 'DOUBLE' }] }));
  let requests: IncomingMessage[];
  let endpoint: string;
  let close: () => void;
  beforeEach(async () => {
    requests = [];
    const files: { [path: string]: Uint8Array } = {
      '/datasets/ann/numbers/resolve/main/data/0.parquet': parquet([1.5]),
      '/datasets/ann/numbers/resolve/main/data/1.parquet': parquet([2.5]),
      '/cdn/readme': Buffer.from('x\n1\n'),
    };
    let failures = 1;
    const server = createServer((request, response) => {
      requests.push(request);
      const url = request.url!;
      if (url === '/api/datasets/ann/numbers/revision/main') {
        const names = ['data/0.parquet', 'data/1.parquet', 'README.md', 'moved.csv'];
        response.end(JSON.stringify({ siblings: names.map((rfilename) => ({ rfilename })) }));
      } else if (url === '/datasets/ann/numbers/resolve/main/data/1.parquet' && failures-- > 0) {
        response.writeHead(503).end();
      } else if (url === '/datasets/ann/numbers/resolve/main/moved.csv') {
        response.writeHead(302, { location: '/cdn/readme' }).end();
      } else if (files[url] !== undefined) response.end(files[url]);
      else response.writeHead(url.includes('closed') ? 401 : 404).end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    close = () => server.close();
  });
  afterEach(() => close());

  it('is fetched in the order of its files, tried again, and removed here', async () => {
    const source = { seed_type: 'hf', path: 'datasets/ann/numbers/data/*.parquet', endpoint } as const;
    const rows = await rowsOf({ ...source, token: 'HUB_TOKEN' }, { HUB_TOKEN: TOKEN });
    expect(rows).toEqual([{ n: 1.5 }, { n: 2.5 }]);
    expect(new Set(requests.map(({ headers }) => headers.authorization))).toEqual(
      new Set([`Bearer ${TOKEN}`]),
    );
    expect(await rowsOf({ ...source, path: 'datasets/ann/numbers/**/0.parquet' })).toEqual([{ n: 1.5 }]);
    expect(await rowsOf({ ...source, path: 'datasets/ann/numbers/moved.csv' })).toEqual([{ x: 1n }]);
    const left = (await readdir(tmpdir())).filter((name) => name.startsWith('rowloom-hf-'));
    expect(left).toEqual([]);
  });

  it('is refused by what is wrong', async () => {
    const problem = (path: string, token: string | null = null) =>
      problemOf({ seed_type: 'hf', path, token, endpoint });
    expect(await problem('ann/numbers')).toBe('path has to be datasets/<user>/<data set>/<file or pattern>');
    expect(await problem('datasets/ann/numbers/*.txt')).toBe(
      'path names no file: data set ann/numbers has no *.txt',
    );
    expect(await problem('datasets/ann/closed/*')).toBe(
      `path cannot be read: ${endpoint}/api/datasets/ann/closed/revision/main answers 401: it may need a token, the name of an environment variable`,
    );
    expect(await problem('datasets/ann/numbers/*', 'HUB_TOKEN')).toBe(
      'token is HUB_TOKEN, and the environment has no variable of that name',
    );
  });
});

describe('sessions of agents', () => {
  const lines = (...records: object[]) => records.map((record) => JSON.stringify(record)).join('\n');
  const text = (content: string) => [{ type: 'text', text: content }];
  const FIELDS =
    'trace_id source_kind source_path root_session_id agent_id is_sidechain cwd project_path git_branch started_at ended_at messages source_meta message_count tool_call_count final_assistant_message'.split(
      ' ',
    );
  async function only(source: SeedSourceInput): Promise<ValueObject> {
    const rows = await rowsOf(source);
    expect(rows).toHaveLength(1);
    expect(Object.keys(rows[0]!)).toEqual(FIELDS);
    return rows[0]!;
  }

  it('of Claude Code are read from where it keeps them', async () => {
    await write({
      'home/.claude/projects/p/s1.jsonl': lines(
        {
          type: 'user',
          sessionId: 's1',
          cwd: '/w',
          gitBranch: 'main',
          version: '2',
          timestamp: '2026-01-01T00:30:00+01:00',
          message: { content: 'Hi' },
        },
        {
          type: 'assistant',
          timestamp: '2026-01-01T00:00:00Z',
          message: {
            content: [
              { type: 'thinking', thinking: 'Hm' },
              { type: 'text', text: 'Well' },
              { type: 'tool_use', id: 't1', name: 'ls', input: { b: 1, a: 'é' } },
            ],
          },
        },
        { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 't1', content: 'x' }] } },
      ),
      'home/.claude/projects/p/sessions-index.json': JSON.stringify({
        entries: [{ sessionId: 's1', projectPath: '/p', summary: 'S' }],
      }),
      'home/.claude/projects/history.jsonl': '{}',
      'home/.claude/projects/broken.jsonl': '{"a": 1}\n{',
      'home/.claude/projects/p/tool-results/a.jsonl': '{}',
    });
    const source = { seed_type: 'agent_rollout', format: 'claude_code' } as const;
    const opened = await open(source);
    expect('warnings' in opened && opened.warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^is not JSON in line 2: .*: it is left out$/),
    ]);
    expect(await only(source)).toMatchObject({
      trace_id: 's1',
      source_kind: 'claude_code',
      project_path: '/p',
      cwd: '/w',
      git_branch: 'main',
      is_sidechain: false,
      started_at: '2026-01-01T00:30:00+01:00',
      ended_at: '2026-01-01T00:00:00Z',
      messages: [
        { role: 'user', content: text('Hi') },
        {
          role: 'assistant',
          content: text('Well'),
          reasoning_content: 'Hm',
          tool_calls: [
            { id: 't1', type: 'function', function: { name: 'ls', arguments: '{"a": "\\u00e9", "b": 1}' } },
          ],
        },
        { role: 'tool', content: text('x'), tool_call_id: 't1' },
      ],
      source_meta: {
        record_count: 3n,
        record_types: ['assistant', 'user'],
        claude_versions: ['2'],
        summary: 'S',
      },
      message_count: 3n,
      tool_call_count: 1n,
      final_assistant_message: 'Well',
    });
  });

  it('of Codex give reasoning to what the assistant does next', async () => {
    await write({
      'c/rollout-1.jsonl': lines(
        {
          type: 'session_meta',
          payload: { id: 'c1', cwd: '/w', timestamp: '2026-01-01T00:00:00Z', originator: 'cli' },
        },
        {
          type: 'response_item',
          payload: { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Rules' }] },
        },
        { type: 'response_item', payload: { type: 'reasoning', summary: [{ text: 'One' }] } },
        { type: 'event_msg', payload: { type: 'agent_reasoning', text: 'Two' } },
        {
          type: 'response_item',
          payload: { type: 'custom_tool_call', call_id: 'k', name: 'sh', input: 'ls' },
        },
        { type: 'response_item', payload: { type: 'custom_tool_call_output', call_id: 'k', output: 'x' } },
        {
          type: 'response_item',
          timestamp: '2026-01-01T00:01:00Z',
          payload: { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Done' }] },
        },
      ),
      'c/other.jsonl': '{}',
    });
    expect(await only({ seed_type: 'agent_rollout', format: 'codex', path: 'c' })).toMatchObject({
      trace_id: 'c1',
      started_at: '2026-01-01T00:00:00Z',
      ended_at: '2026-01-01T00:01:00Z',
      messages: [
        { role: 'system', content: [{ type: 'input_text', text: 'Rules' }] },
        {
          role: 'assistant',
          reasoning_content: 'One\n\nTwo',
          tool_calls: [{ function: { arguments: 'ls' } }],
        },
        { role: 'tool', tool_call_id: 'k' },
        { role: 'assistant', content: [{ type: 'output_text', text: 'Done' }] },
      ],
      source_meta: {
        response_item_types: ['custom_tool_call', 'custom_tool_call_output', 'message', 'reasoning'],
        originator: 'cli',
      },
      final_assistant_message: 'Done',
    });
  });

  it('of ATIF have steps in order', async () => {
    const trajectory = (steps: object[]) => ({
      schema_version: '1',
      session_id: 'a1',
      agent: { name: 'A', extra: { cwd: '/w' } },
      steps,
    });
    await write({
      'a/good.json': JSON.stringify(
        trajectory([
          { step_id: 1, source: 'user', message: 'Go' },
          {
            step_id: 2,
            source: 'agent',
            message: 'Ok',
            tool_calls: [{ tool_call_id: 't', function_name: 'f', arguments: {} }],
            observation: { results: [{ source_call_id: 't', content: 'r' }] },
          },
        ]),
      ),
      'a/gap.json': JSON.stringify(trajectory([{ step_id: 2, source: 'user', message: 'Go' }])),
    });
    const source = { seed_type: 'agent_rollout', format: 'atif', path: 'a' } as const;
    expect(await only(source)).toMatchObject({
      trace_id: 'a1',
      project_path: '/w',
      messages: [{ role: 'user' }, { role: 'assistant' }, { role: 'tool', tool_call_id: 't' }],
      source_meta: { schema_version: '1', step_count: 2n, agent_name: 'A' },
    });
    expect(await problemOf({ seed_type: 'agent_rollout', format: 'atif' })).toBe(
      'path is missing: sessions of atif have no place of their own',
    );
    await rm(join(cwd, 'a/good.json'));
    expect(await problemOf(source)).toBe(`format is atif, and there is no such session in ${join(cwd, 'a')}`);
  });

  it('of Pi follow the branch that ends last', async () => {
    await write({
      'p/s.jsonl': lines(
        { type: 'session', id: 'p1', version: 3, cwd: '/w', timestamp: '2026-01-01T00:00:00Z' },
        { type: 'message', id: '1', parentId: null, message: { role: 'user', content: 'Hi' } },
        {
          type: 'message',
          id: '2',
          parentId: '1',
          message: { role: 'assistant', content: [{ type: 'text', text: 'No' }] },
        },
        {
          type: 'message',
          id: '3',
          parentId: '1',
          message: { role: 'bashExecution', command: 'ls', output: 'x', exitCode: 0 },
        },
        {
          type: 'message',
          id: '4',
          parentId: '3',
          message: {
            role: 'assistant',
            model: 'm',
            stopReason: 'stop',
            content: [{ type: 'text', text: 'Yes' }],
          },
        },
      ),
    });
    expect(await only({ seed_type: 'agent_rollout', format: 'pi_coding_agent', path: 'p' })).toMatchObject({
      trace_id: 'p1',
      messages: [
        { role: 'user', content: text('Hi') },
        {
          role: 'assistant',
          tool_calls: [{ id: 'bash_3', function: { name: 'bash', arguments: '{"command": "ls"}' } }],
        },
        { role: 'tool', content: text('x\n[exit code: 0]'), tool_call_id: 'bash_3' },
        { role: 'assistant', content: text('Yes') },
      ],
      source_meta: {
        record_count: 5n,
        entry_types: ['message'],
        stop_reasons: ['stop'],
        session_version: 3n,
        models_used: ['m'],
        has_branches: true,
        bash_execution_count: 1n,
      },
    });
  });

  it('of Hermes are logs and transcripts', async () => {
    await write({
      'h/session_1.json': JSON.stringify({
        session_id: 'h1',
        session_start: 's',
        last_updated: 'u',
        system_prompt: 'Be',
        messages: [{ role: 'assistant', content: 'A', finish_reason: 'stop' }],
        tools: [{ function: { name: 'f' } }],
      }),
      'h/t2.jsonl': lines({ role: 'user', content: 'Hi' }),
      'h/sessions.json': JSON.stringify({
        key: { session_id: 't2', created_at: 'c', updated_at: 'd', platform: 'x' },
      }),
    });
    const [log, transcript] = await rowsOf({ seed_type: 'agent_rollout', format: 'hermes_agent', path: 'h' });
    expect(log).toMatchObject({
      trace_id: 'h1',
      started_at: 's',
      ended_at: 'u',
      messages: [
        { role: 'system', content: text('Be') },
        { role: 'assistant', content: text('A') },
      ],
      source_meta: {
        session_format: 'cli_session_log',
        finish_reasons: ['stop'],
        available_tool_names: ['f'],
      },
    });
    expect(transcript).toMatchObject({
      trace_id: 't2',
      started_at: 'c',
      ended_at: 'd',
      source_meta: { session_format: 'gateway_transcript', session_key: 'key', platform: 'x' },
    });
  });
});
