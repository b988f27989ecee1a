// What `rowloom run` does with each document of the table: it says what is wrong and ends, before anything could ask a
// model.

import { subscribe } from 'node:diagnostics_channel';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BROKEN_DOCUMENTS } from '../config/broken-documents.ts';
import { writeFiles } from '../config/prepared.ts';
import { temporaryFolder } from '../store/support.ts';
import { cli } from './cli.ts';

// `run` takes a folder for a dataset, and names one after the file.
const {
  'a folder': _,
  'standard input': _input,
  'a path that no file can have': _path,
  ...documents
} = BROKEN_DOCUMENTS;

let connections = 0;
subscribe('net.client.socket', () => {
  connections += 1;
});

describe('a broken document reaches no model, no server and no disk', () => {
  it.each(Object.entries(documents))('%s', async (_, { files, changes = {}, says }) => {
    connections = 0;
    const cwd = await temporaryFolder();
    await writeFiles(cwd, files);
    const { file = 'config.yaml', rows, environment = {} } = changes;
    const { output, talk, code } = await cli(['run', file, ...(rows === 'all' ? ['-n', 'all'] : [])], {
      cwd,
      environment,
    });
    const errors = says.filter((line) => line.startsWith('error '));
    expect(talk.filter((line) => line.startsWith('error '))).toHaveLength(errors.length);
    expect(talk.at(-1)).toBe(
      `refused   ${errors.length} ${errors.length === 1 ? 'error' : 'errors'}, no call was made`,
    );
    expect(output).toEqual([]);
    expect(code).toBe(2);
    expect(connections).toBe(0);
    await expect(access(join(cwd, 'artifacts'))).rejects.toThrow('ENOENT');
    await expect(access(join(cwd, '.rowloom'))).rejects.toThrow('ENOENT');
  });
});
