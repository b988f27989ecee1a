// A process of its own that appends lines to a part and says each one that it was told is written.

import { writeSync } from 'node:fs';
import { makeCellFolder } from '../../../src/store/cell-files.ts';
import { createPart } from '../../../src/store/parts.ts';
import { openStore } from '../../../src/store/store.ts';
import { cellRecord } from './records.ts';

const store = await openStore(process.argv[2] as string, { access: 'build' });
const dataset = await store.openDataset('tickets');
await makeCellFolder(dataset, { column: 'body', rowGroup: 0 });
const part = createPart(dataset, { column: 'body', rows: { first: 0, last: 9 }, rowGroup: 0, epoch: 1 });
writeSync(1, `${part.name}\n`);
for (let row = 0; ; row += 1) {
  await part.append(cellRecord({ row }));
  writeSync(1, `${row}\n`);
}
