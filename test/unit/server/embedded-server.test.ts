// The side of a user, against a watchdog that the test plays.

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ServerError } from '../../../src/errors.ts';
import { ensureServer } from '../../../src/server/embedded-server.ts';
import { claimDirectory, type ServerState, writeServerState } from '../../../src/server/server-files.ts';

let directory: string;
let said: string[];

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'rowloom-user-')));
  said = [];
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Claims the directory for this process and hands every user to `greet`, with its number from 1. */
async function playWatchdog(greet: (user: Socket, state: ServerState, count: number) => void) {
  let count = 0;
  const control = createServer((user) => {
    user.on('error', () => {});
    greet(user, state, ++count);
  });
  await new Promise<void>((resolve) => control.listen(0, '127.0.0.1', resolve));
  const { port: controlPort } = control.address() as AddressInfo;
  const state: ServerState = {
    formatVersion: 1,
    watchdog: claimDirectory(directory)!,
    host: '127.0.0.1',
    port: 7300,
    uiPort: 8300,
    controlPort,
    pid: 41,
  };
  writeServerState(directory, state);
  return control;
}

const ensure = () =>
  ensureServer({ directory, environment: { PATH: '', HOME: directory }, say: (line) => said.push(line) });

const lineOf = (state: ServerState) => `${JSON.stringify(state)}\n`;

it('tries again when the watchdog ends while it is asked', async () => {
  const control = await playWatchdog((user, state, count) => {
    if (count < 3) user.resetAndDestroy();
    else user.write(lineOf(state));
  });
  const server = await ensure();
  expect(server).toMatchObject({ address: '127.0.0.1:7300', uiUrl: 'http://127.0.0.1:8300', pid: 41 });
  await server.release();
  control.close();
});

it('attaches again after its watchdog died, and follows the server to its new processes', async () => {
  const users: Socket[] = [];
  const lines: ((pid: number) => string)[] = [];
  const control = await playWatchdog((user, state, count) => {
    users.push(user);
    lines.push((pid) => lineOf({ ...state, pid }));
    user.write(lineOf({ ...state, pid: 40 + count }));
  });
  const server = await ensure();
  users[0]!.resetAndDestroy();
  await vi.waitFor(() => expect(server.pid).toBe(42));

  const line = lines[1]!(43);
  users[1]!.write(line.slice(0, 9));
  await sleep(20);
  users[1]!.write(line.slice(9));
  await vi.waitFor(() => expect(server.pid).toBe(43));
  expect(said).toEqual(
    Array(2).fill('the Temporal server had ended and was started again: http://127.0.0.1:8300'),
  );

  await server.release();
  await vi.waitFor(() => expect(users[1]!.destroyed).toBe(true));
  control.close();
});

it('says what is wrong with a directory that cannot be made', async () => {
  writeFileSync(join(directory, 'file'), '');
  const failure = ensureServer({
    directory: join(directory, 'file', '.rowloom'),
    environment: {},
    say: () => {},
  });
  await expect(failure).rejects.toThrow(ServerError);
  await expect(failure).rejects.toThrow(/^Cannot start the embedded Temporal server: ENOTDIR/);
});
