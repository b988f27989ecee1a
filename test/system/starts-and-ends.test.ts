// Where a command starts and how it ends: proxies, folders, pipes that close, and what kills leave behind.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTemporalBinary } from '../../src/server/find-temporal-binary.ts';
import { killAndWait } from '../../src/server/processes.ts';
import { findServerState, findServers } from '../../src/server/server-files.ts';
import { notesDocument, Workplace } from '../support/build-harness.ts';
import { COMMAND } from '../support/cli.ts';
import { type MockModelServer, startMockModelServer } from '../support/mock-model-server.ts';
import { until } from '../support/until.ts';

const LIMIT_MS = 300_000;
const KILL_LIMIT_MS = 5_000;
const ROWS = 30;
const NOBODY = 65_534;

let workplace: Workplace;
let mock: MockModelServer;
let proxies: (Server | HttpServer)[];

beforeEach(async () => {
  proxies = [];
  workplace = new Workplace();
  mock = await startMockModelServer({ latencyMs: 100 });
  workplace.write(notesDocument({ endpoint: mock.endpoint, parallel: 4 }));
});

afterEach(async () => {
  await workplace.dispose();
  await mock.close();
  for (const proxy of proxies) proxy.close();
}, LIMIT_MS);

async function addressOf(server: Server | HttpServer): Promise<string> {
  proxies.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Accepts connections and never says anything. */
function silentProxy(): Promise<string> {
  return addressOf(createServer((socket) => void socket.unref()));
}

/** Leads every connection to one server, whatever it asks for; `asked` gets what it asks for. */
function proxyTo(port: number, asked: string[]): Promise<string> {
  const proxy = createHttpServer().on('connect', ({ url = '' }, socket) => {
    asked.push(url);
    const target = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    for (const end of [socket, target]) end.on('error', () => undefined);
  });
  return addressOf(proxy);
}

describe('a proxy in the environment', { timeout: LIMIT_MS }, () => {
  it('is not asked for what is on this machine, in any spelling', async () => {
    const silent = await silentProxy();
    const names = ['http_proxy', 'https_proxy', 'grpc_proxy', 'all_proxy'].flatMap((name) => [
      name,
      name.toUpperCase(),
    ]);
    const environment = Object.fromEntries(names.map((name) => [name, silent]));
    const end = await workplace.run(['-n', '3'], { environment }).ended;
    expect(end, end.talk).toMatchObject({ code: 0 });
    expect(await workplace.rows()).toHaveLength(3);
  });

  it('leads to a Temporal server elsewhere, and one that says nothing is told of within seconds', async () => {
    const dev = workplace.command(['dev']);
    await dev.says(/^serving/m);
    const { port } = findServerState(workplace.serverFolder)!;
    const asked: string[] = [];
    const args = ['-n', '3', '--address', 'temporal.example:7233'];
    const HTTPS_PROXY = await proxyTo(port, asked);
    const end = await workplace.run(args, { environment: { HTTPS_PROXY } }).ended;
    expect(end, end.talk).toMatchObject({ code: 0 });
    // By the command's client and by its worker.
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(new Set(asked)).toEqual(new Set(['temporal.example:7233']));

    const silent = await silentProxy();
    const failed = await workplace.run([...args, '--new'], { environment: { HTTPS_PROXY: silent } }).ended;
    expect(failed.code).toBe(2);
    expect(failed.talk.split('\n').at(-2)).toBe(
      `error     Cannot use the Temporal server at temporal.example:7233: no answer within 10 s through the proxy ${silent.slice(7)}. Make sure that it runs there`,
    );
    await dev.kill();
  });
});

describe('a folder that cannot be written', { timeout: LIMIT_MS }, () => {
  it('has its Temporal server beside the datasets, where another command finds it', async () => {
    const { directory } = workplace;
    const bin = join(directory, 'bin');
    const out = join(directory, 'out');
    for (const folder of [bin, out]) mkdirSync(folder);
    const temporal = await findTemporalBinary({ directory, environment: process.env, say: () => undefined });
    copyFileSync(temporal, join(bin, 'temporal'));
    chmodSync(directory, 0o755);
    chmodSync(out, 0o777);
    const options = {
      uid: NOBODY,
      environment: { PATH: `${bin}:${process.env.PATH}`, HOME: '/nonexistent' },
    };
    // Long enough for the second command to find it at work.
    mock.setLatency({ latencyMs: 1_000, jitter: 1 });
    const first = workplace.run(['-n', String(ROWS), '--out', out], options);
    await until(() => mock.stats().requests > 0);
    expect(existsSync(workplace.serverFolder)).toBe(false);
    const second = workplace.command(['watch', 'tickets', '--out', out], options);
    expect(await first.ended, first.talk).toMatchObject({ code: 0 });
    expect(await second.ended, second.talk).toMatchObject({ code: 0 });
    expect(mock.stats().requests).toBe(ROWS);
    await until(() => findServers(join(out, '.rowloom')).length === 0);
  });
});

describe('a folder that a command cannot work in', () => {
  it('is said to be so, when it was removed and when its name is not UTF-8', async () => {
    const parent = workplace.directory;
    const removed = `mkdir gone && cd gone && rmdir ../gone`;
    const named = `d=$(printf 'x\\377') && mkdir "$d" && cd "$d"`;
    for (const way of [removed, named]) {
      const shell = spawn('/bin/sh', ['-c', `${way} && exec ${process.execPath} ${COMMAND} list`], {
        cwd: parent,
      });
      const [said] = (await once(shell.stderr, 'data')) as [Buffer];
      expect(String(said)).toBe(
        'error     Cannot start in this folder: it was removed, or its name is not UTF-8. Change to another one\n',
      );
      if (shell.exitCode === null) await once(shell, 'exit');
      expect(shell.exitCode).toBe(2);
    }
  });
});

describe('a reader that leaves', { timeout: LIMIT_MS }, () => {
  it('does not end a build, and no call is made twice', async () => {
    const run = workplace.run(['-n', String(ROWS)]);
    await run.says(/^temporal/m);
    run.closeTalk();
    expect(await run.ended).toMatchObject({ code: 0 });
    expect(await workplace.rows()).toHaveLength(ROWS);
    expect(mock.stats().requests).toBe(ROWS);
  });

  it('and a full disk behind stderr: neither; behind stdout it is one line', async () => {
    const full = openSync('/dev/full', 'w');
    const run = workplace.run(['-n', '3'], { outputs: ['pipe', full] });
    expect(await run.ended).toMatchObject({ code: 0 });
    const exported = workplace.command(['export', 'tickets'], { outputs: [full, 'pipe'] });
    expect(await exported.ended).toMatchObject({
      code: 1,
      talk: 'error     Cannot write to stdout: no space left on device\n',
    });
  });

  it('stops a build as Ctrl-C does when it is the terminal, which tells that twice', async () => {
    const run = workplace.run(['-n', String(ROWS)]);
    await until(() => mock.answered() > 4);
    run.signal('SIGHUP');
    run.signal('SIGHUP');
    const end = await run.ended;
    expect(end.code).toBe(1);
    expect(end.talk).toMatch(/ calls kept, 0 lost/);
    expect((await workplace.usage()).calls).toBe(mock.stats().requests);
  });
});

describe('after a SIGKILL', { timeout: LIMIT_MS }, () => {
  it.each([
    ['the command, then the watchdog', ['run', 'watchdog']],
    ['the watchdog, then the command', ['watchdog', 'run']],
  ] as const)('of %s, the next command ends the server that stayed, whatever it is for', async (_, order) => {
    const run = workplace.run(['-n', '1000']);
    await until(() => mock.answered() > 4);
    // Stopped, so that nobody starts the next watchdog between the two.
    run.signal('SIGSTOP');
    const targets = {
      run: () => run.kill(),
      watchdog: () => killAndWait(workplace.watchdog()!, KILL_LIMIT_MS),
    };
    for (const target of order) await targets[target]();
    expect(findServers(workplace.serverFolder)).toHaveLength(1);
    expect(await workplace.command(['status', 'tickets']).ended).toMatchObject({ code: 0 });
    await until(() => findServers(workplace.serverFolder).length === 0);
  });

  it('of nobody, no command ends the server of another one', async () => {
    const run = workplace.run(['-n', String(ROWS)]);
    await until(() => mock.answered() > 4);
    const [server] = findServers(workplace.serverFolder);
    await workplace.command(['status', 'tickets']).ended;
    expect(findServers(workplace.serverFolder)).toEqual([server]);
    expect(await run.ended).toMatchObject({ code: 0 });
    expect((await run.ended).talk).not.toContain('started again');
  });

  it('of processes at work on a finished dataset, the same command removes what they left', async () => {
    expect(await workplace.run(['-n', '3']).ended).toMatchObject({ code: 0 });
    const artifacts = join(workplace.directory, 'artifacts');
    const finished = filesBelow(artifacts);
    const script = `
      import { mkdirSync } from 'node:fs';
      import { FlightLog } from '${import.meta.resolve('../../src/store/flights.ts')}';
      import { openStore } from '${import.meta.resolve('../../src/store/store.ts')}';
      const store = await openStore(${JSON.stringify(artifacts)}, { access: 'build' });
      const dataset = await store.openDataset('tickets');
      new FlightLog(dataset, 1).begin({ column: 'note', row: 0, in: 'digest' }, { isAlone: false });
      for (const folder of ['editions/000001/groups', 'published', 'editions/000001/parquet-files']) {
        await (await dataset.files.start(folder + '/half')).append('half of it');
      }
      console.log('written');
      setInterval(() => {}, 60_000);`;
    const other = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
    await once(other.stdout, 'data');
    const during = filesBelow(artifacts);
    expect(during).toHaveLength(finished.length + 4);
    const nothing = /nothing to do/;
    expect((await workplace.run().ended).talk).toMatch(nothing);
    expect(filesBelow(artifacts)).toEqual(during);
    other.kill('SIGKILL');
    await once(other, 'exit');
    expect((await workplace.run().ended).talk).toMatch(nothing);
    expect(filesBelow(artifacts)).toEqual(finished);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
