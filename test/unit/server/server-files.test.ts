import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownIdentity } from '../../../src/server/processes.ts';
import {
  claimDirectory,
  findClaim,
  findLivingClaim,
  findServerState,
  holdsClaim,
  serverFiles,
} from '../../../src/server/server-files.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rowloom-claims-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

function writeClaim(number: number, content: string): void {
  const { claims } = serverFiles(directory);
  mkdirSync(claims, { recursive: true });
  writeFileSync(join(claims, `${String(number).padStart(6, '0')}.json`), content);
}

describe('a claim to a directory', () => {
  it('is given once while its holder lives', () => {
    expect(claimDirectory(directory)).toBe(1);
    expect(claimDirectory(directory)).toBeUndefined();
    expect(holdsClaim(directory, 1)).toBe(true);
    expect(findLivingClaim(directory)).toEqual({ number: 1, holder: ownIdentity() });
  });

  it('passes on when its pid belongs to a later process', () => {
    writeClaim(7, JSON.stringify({ pid: process.pid, start: 'long ago' }));
    expect(findLivingClaim(directory)).toBeUndefined();
    expect(claimDirectory(directory)).toBe(8);
  });

  it('passes on when a power cut left its file torn', () => {
    writeClaim(3, '{"pid":');
    expect(findClaim(directory)).toEqual({ number: 3, holder: undefined });
    expect(claimDirectory(directory)).toBe(4);
  });

  it('is not held once the directory was emptied', () => {
    const number = claimDirectory(directory)!;
    rmSync(serverFiles(directory).claims, { recursive: true });
    expect(holdsClaim(directory, number)).toBe(false);
  });

  it('keeps the one before, so that a reader always finds one, and orders by number past six digits', () => {
    for (const number of [5, 999_998, 999_999]) writeClaim(number, '{"pid":1,"start":"dead"}');
    expect(claimDirectory(directory)).toBe(1_000_000);
    expect(readdirSync(serverFiles(directory).claims).sort()).toEqual(['1000000.json', '999999.json']);
    expect(findClaim(directory)?.number).toBe(1_000_000);
  });
});

describe('the state of a server', () => {
  it('is unknown when it is torn or of another format', () => {
    expect(findServerState(directory)).toBeUndefined();
    writeFileSync(serverFiles(directory).state, '{"formatVersion": 2, "port": 7234}');
    expect(findServerState(directory)).toBeUndefined();
    writeFileSync(serverFiles(directory).state, '');
    expect(findServerState(directory)).toBeUndefined();
  });
});
