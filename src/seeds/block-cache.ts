import type { ValueObject } from '../values.ts';
import type { SeedBlock } from './seed-file.ts';

type Rows = readonly ValueObject[];

/** Keeps the blocks that were read last, up to a number of bytes; the last one always. A block is read once at a time. */
export class BlockCache {
  readonly #limitBytes: number;
  /** In the order of their last use. */
  readonly #blocks = new Map<SeedBlock, Promise<Rows>>();
  #sizeBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  async read(block: SeedBlock, load: () => Promise<Rows>): Promise<Rows> {
    const cached = this.#blocks.get(block);
    if (cached !== undefined) {
      this.#blocks.delete(block);
      this.#blocks.set(block, cached);
      return cached;
    }
    const rows = load();
    this.#blocks.set(block, rows);
    this.#sizeBytes += block.sizeBytes;
    for (const oldest of this.#blocks.keys()) {
      if (this.#sizeBytes <= this.#limitBytes || oldest === block) break;
      this.#remove(oldest);
    }
    try {
      return await rows;
    } catch (error) {
      this.#remove(block);
      throw error;
    }
  }

  #remove(block: SeedBlock): void {
    if (this.#blocks.delete(block)) this.#sizeBytes -= block.sizeBytes;
  }
}
