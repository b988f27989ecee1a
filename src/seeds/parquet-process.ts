// The process in which Parquet files are read for the first time: a damaged one can make the decoder take all memory, or
// never end. It gets paths and answers each with the rows, a block a message, then with an end or a problem.

import { openParquet, parquetProblemOf } from './parquet-rows.ts';

export type ParquetMessage = { readonly rows: readonly unknown[] } | { readonly problem: string | null };

process.on('message', (path: string) => void scan(path));
process.on('disconnect', () => process.exit());
// When the decoder gives up it leaves reads of other columns behind, which may fail too.
process.on('unhandledRejection', () => undefined);

async function scan(path: string): Promise<void> {
  try {
    const { blocks, readBlock } = await openParquet(path);
    for (const block of blocks) await send({ rows: await readBlock(block) });
    await send({ problem: null });
  } catch (error) {
    await send({ problem: parquetProblemOf(error) });
  }
}

/** Resolves when it is on its way, so that blocks do not pile up. */
function send(message: ParquetMessage): Promise<void> {
  return new Promise((resolve) => void process.send!(message, () => resolve()));
}
