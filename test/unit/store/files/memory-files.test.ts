import { describe, expect, it } from 'vitest';
import { MemoryWorld } from '../../../../src/store/files/memory.ts';
import { hooked } from '../../../support/hooked-files.ts';
import { describeStoreFiles, textOf } from './suite.ts';

describeStoreFiles('memory', async () => {
  const world = new MemoryWorld();
  return () => world.files({ root: 'artifacts/tickets' });
});

// The hooks that drive interleavings must themselves break no promise.
describeStoreFiles('memory, with hooks', async () => {
  const world = new MemoryWorld();
  return () => hooked(world.files(), () => undefined);
});

describe('a hook', () => {
  it('is asked before every step, with the path from the root, also of files below a folder', async () => {
    const steps: string[] = [];
    const files = hooked(new MemoryWorld().files(), (operation, path) => {
      steps.push(`${operation} ${path}`);
    });
    await files.makeFolder('a');
    const file = await files.below('a').start('file');
    await file.append('x');
    await file.publish();
    const part = await files.below('a').openPart('part');
    await part.append('x');
    await part.close();
    expect(steps).toEqual([
      'makeFolder a',
      'start a/file',
      'append a/file',
      'publish a/file',
      'openPart a/part',
      'append a/part',
      'close a/part',
    ]);
  });

  it('holds a step until another process has gone on, and what throws leaves the step undone', async () => {
    const world = new MemoryWorld();
    const late = hooked(world.files(), async (operation) => {
      if (operation === 'create') await world.files().create('name', 'early');
      if (operation === 'replace') throw new Error('killed');
    });
    expect(await late.create('name', 'late')).toBe(false);
    await expect(late.replace('name', 'late')).rejects.toThrow('killed');
    expect(await textOf(world.files(), 'name')).toBe('early');
  });
});
