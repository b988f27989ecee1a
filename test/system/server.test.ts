// The embedded server for real: its processes are killed in every combination.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServerError } from '../../src/errors.ts';
import { resolveServer } from '../../src/server/connect.ts';
import { type EmbeddedServer, ensureServer } from '../../src/server/embedded-server.ts';
import { findTemporalBinary } from '../../src/server/find-temporal-binary.ts';
import { killAndWait, type ProcessIdentity } from '../../src/server/processes.ts';
import { findLivingClaim, findServers, serverFiles } from '../../src/server/server-files.ts';

const LINGER_MS = 300;
const KILL_LIMIT_MS = 5_000;

let directory: string;
let shares: EmbeddedServer[];
let users: ChildProcess[];
let said: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rowloom-server-'));
  shares = [];
  users = [];
  said = [];
});

afterEach(async () => {
  await Promise.all(shares.map((share) => share.release()));
  for (const user of users) user.kill('SIGKILL');
  await until(() => watchdog() === undefined && servers().length === 0);
  rmSync(directory, { recursive: true, force: true });
});

async function ensure(where = directory, environment = process.env): Promise<EmbeddedServer> {
  const say = (line: string) => said.push(line);
  const share = await ensureServer({ directory: where, environment, say, lingerMs: LINGER_MS });
  shares.push(share);
  return share;
}

/** Another process that uses the server; resolves to the address it got. */
async function startUser(): Promise<string> {
  const user = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, '../support/server-user.ts'), directory, `${LINGER_MS}`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  users.push(user);
  const [address] = (await once(user.stdout!, 'data')) as [Buffer];
  return String(address).trim();
}

async function killUsers(): Promise<void> {
  await Promise.all(
    users.map((user) => {
      user.kill('SIGKILL');
      return once(user, 'exit');
    }),
  );
}

function watchdog(): ProcessIdentity | undefined {
  return findLivingClaim(directory)?.holder;
}

function servers(): ProcessIdentity[] {
  return findServers(directory);
}

async function kill(...targets: (ProcessIdentity | undefined)[]): Promise<void> {
  await Promise.all(targets.map((target) => killAndWait(target!, KILL_LIMIT_MS)));
}

async function until(condition: () => boolean, limitMs = 10_000): Promise<number> {
  const startedAt = Date.now();
  while (!condition()) {
    if (Date.now() - startedAt > limitMs) throw new Error(`Not within ${limitMs} ms: ${condition}`);
    await sleep(10);
  }
  return Date.now() - startedAt;
}

async function withClient<T>(address: string, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

const startWorkflow = (address: string, workflowId: string) =>
  withClient(address, (client) => client.workflow.start('anything', { workflowId, taskQueue: 'nobody' }));

const workflowStatus = (address: string, workflowId: string) =>
  withClient(address, async (client) => (await client.workflow.getHandle(workflowId).describe()).status.name);

describe('a shared server', () => {
  it('is one for two calls at once and for another process', async () => {
    const [first, second, third] = await Promise.all([ensure(), ensure(), startUser()]);
    expect(second.address).toBe(first.address);
    expect(third).toBe(first.address);
    expect(servers()).toHaveLength(1);
    expect(first.address).toMatch(/^127\.0\.0\.1:7\d{3}$/);
  });

  it('takes a workflow as soon as it is given out', async () => {
    const { address } = await ensure();
    await startWorkflow(address, 'early');
    expect(await workflowStatus(address, 'early')).toBe('RUNNING');
  });

  it('may take as long as it needs to get the Temporal CLI', async () => {
    const binary = await findTemporalBinary({ directory, environment: process.env, say: () => undefined });
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    // Answers once it has been got.
    const wait = `if [ "$1" = --version ]; then touch ${bin}/asked; until [ -e ${bin}/got ]; do sleep 0.05; done; fi`;
    writeFileSync(join(bin, 'temporal'), `#!/bin/sh\n${wait}\nexec ${binary} "$@"\n`);
    chmodSync(join(bin, 'temporal'), 0o755);
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const environment = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
      const shares = Promise.all([ensure(directory, environment), ensure(directory, environment)]);
      await until(() => existsSync(join(bin, 'asked')));
      vi.setSystemTime(Date.now() + 600_000);
      writeFileSync(join(bin, 'got'), '');
      const [first, second] = await shares;
      expect(second.address).toBe(first.address);
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends shortly after its last user gave it back', async () => {
    const [first, second] = [await ensure(), await ensure()];
    await first.release();
    await sleep(3 * LINGER_MS);
    expect(servers()).toHaveLength(1);
    await second.release();
    await until(() => servers().length === 0 && watchdog() === undefined, 5_000);
  });

  it('ends after its users were killed', async () => {
    await Promise.all([startUser(), startUser()]);
    await killUsers();
    await until(() => servers().length === 0 && watchdog() === undefined, 5_000);
  });

  it('goes on for a user that comes while it is ending', async () => {
    const first = await ensure();
    await first.release();
    await sleep(LINGER_MS + 100);
    const second = await ensure();
    expect(second.address).toBe(first.address);
    await startWorkflow(second.address, 'late');
  });

  it('has ports of its own in each directory', async () => {
    const other = mkdtempSync(join(tmpdir(), 'rowloom-server-'));
    const [here, there] = await Promise.all([ensure(), ensure(other)]);
    expect(here.address).not.toBe(there.address);
    await startWorkflow(here.address, 'here');
    await expect(workflowStatus(there.address, 'here')).rejects.toThrow(/not found/);
    await there.release();
    await until(() => findLivingClaim(other) === undefined);
    rmSync(other, { recursive: true });
  });
});

describe('a database', () => {
  it('is that of its own folder, however the name of the folder reads as a URI', async () => {
    const folders = ['a b', 'a%20b', 'c%2Fd?e#f'].map((name) => join(directory, name));
    const started = await Promise.all(folders.map((folder) => ensure(folder)));
    for (const [index, { address }] of started.entries()) await startWorkflow(address, `in-${index}`);
    await expect(workflowStatus(started[1]!.address, 'in-0')).rejects.toThrow(/not found/);
    for (const folder of folders) expect(existsSync(serverFiles(folder).database)).toBe(true);
    await Promise.all(started.map((server) => server.release()));
    await until(() => folders.every((folder) => findLivingClaim(folder) === undefined));
  });
});

// The ports stay the same unless another directory takes them while no watchdog holds them.
describe('after a SIGKILL', () => {
  it('of the server, it is back on its port and knows its workflows', async () => {
    const server = await ensure();
    const { address, pid } = server;
    await startWorkflow(address, 'survivor');
    await kill(...servers());
    await until(() => server.pid !== pid);
    expect(server.address).toBe(address);
    expect(await workflowStatus(address, 'survivor')).toBe('RUNNING');
    expect(said.at(-1)).toContain('started again');
  });

  it.each([
    ['the watchdog', () => [watchdog()]],
    ['the watchdog and the server', () => [watchdog(), ...servers()]],
  ])('of %s, the user starts it again', async (_, targets) => {
    const server = await ensure();
    const { address, pid } = server;
    await startWorkflow(address, 'survivor');
    await kill(...targets());
    await until(() => server.pid !== pid);
    expect(await workflowStatus(server.address, 'survivor')).toBe('RUNNING');
    expect(servers()).toHaveLength(1);
  });

  it.each([
    ['everything', () => [watchdog(), ...servers()]],
    ['all but the server', () => [watchdog()]],
    ['all but the watchdog', () => servers()],
    ['the users alone', () => []],
  ])('of %s, the next command has the server', async (_, targets) => {
    const address = await startUser();
    await startWorkflow(address, 'survivor');
    await Promise.all([killUsers(), kill(...targets())]);
    const next = await ensure();
    expect(await workflowStatus(next.address, 'survivor')).toBe('RUNNING');
    expect(servers()).toHaveLength(1);
  });

  it('of the watchdog, many users together start one server', async () => {
    const own = await ensure();
    await Promise.all([startUser(), startUser(), startUser()]);
    const { pid } = own;
    await kill(watchdog());
    await until(() => own.pid !== pid);
    await sleep(LINGER_MS);
    expect(servers()).toHaveLength(1);
  });
});

describe('a removed directory', () => {
  it('is made again for those who use the server', async () => {
    const server = await ensure();
    const [old] = servers();
    rmSync(directory, { recursive: true });
    await until(() => servers().length === 1 && servers()[0]?.pid !== old?.pid && server.pid !== old?.pid);
    await startWorkflow(server.address, 'new');
  });
});

describe('a named server', () => {
  it('is used instead of the embedded one, with its namespace checked', async () => {
    const { address } = await ensure();
    const options = { directory: join(directory, 'unused'), say: () => {} };
    const named = await resolveServer({ ...options, environment: { TEMPORAL_ADDRESS: address } });
    expect(named).toMatchObject({ connectionOptions: { address }, namespace: 'default' });
    expect(named.label).toBe(`${address} · namespace default`);
    const environment = { TEMPORAL_NAMESPACE: 'elsewhere' };
    await expect(resolveServer({ ...options, address, environment })).rejects.toThrow(
      new ServerError(`Cannot use the Temporal server at ${address}: it has no namespace "elsewhere"`),
    );
  });
});

describe('a server that cannot start', () => {
  it('says why, where its log is and what to do', async () => {
    writeFileSync(serverFiles(directory).database, 'no database\n'.repeat(100));
    const failure = await ensure().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ServerError);
    expect((failure as Error).message).toMatch(/file is not a database/);
    expect((failure as Error).message).toContain(serverFiles(directory).log);
  });
});
