import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

it.each([256, 1_024])('the limit of %i open files is found', (files) => {
  const look = `import('./src/open-files.ts').then(({ findOpenFileLimit }) => console.log(findOpenFileLimit()))`;
  const command = `ulimit -n ${files} && exec "$0" --import tsx --eval "$1"`;
  expect(execFileSync('sh', ['-c', command, process.execPath, look], { encoding: 'utf8' })).toBe(
    `${files}\n`,
  );
});
