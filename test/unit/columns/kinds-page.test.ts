import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeKinds, PAGE } from '../../../scripts/column-kinds.ts';

it('is what the declarations say: write it again with `npx tsx scripts/column-kinds.ts`', () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(describeKinds());
});
