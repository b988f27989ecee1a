import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ServerError } from '../../../src/errors.ts';
import { resolveServer } from '../../../src/server/connect.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rowloom-connect-'));
});

afterEach(() => rmSync(root, { recursive: true }));

const resolve = (profiles: string, profile: string) => {
  writeFileSync(join(root, 'temporal.toml'), profiles);
  const environment = { TEMPORAL_CONFIG_FILE: join(root, 'temporal.toml'), TEMPORAL_PROFILE: profile };
  return resolveServer({ environment, directory: join(root, '.rowloom'), say: () => {} });
};

it('names a profile that is not there', async () => {
  await expect(resolve('[profile.default]\naddress = "127.0.0.1:1"', 'prod')).rejects.toThrow(
    new ServerError("Cannot read the TEMPORAL_* settings: Profile 'prod' not found in config data"),
  );
});

it('does not quote a broken profile file, where the keys are', async () => {
  await expect(resolve('[profile.prod]\napi_key = "s3cret', 'prod')).rejects.toThrow(
    new ServerError('Cannot read the TEMPORAL_* settings: the profile file is no valid TOML at line 2'),
  );
});
