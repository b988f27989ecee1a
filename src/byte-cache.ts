import { LRUCache } from 'lru-cache';

interface Kept<Value> {
  readonly sizeBytes: number;
  readonly value: Promise<Value>;
}

/** Keeps what was read last, up to a number of bytes, the last one always. What is asked for twice at once is read once. */
export class ByteCache<Key extends NonNullable<unknown>, Value> {
  readonly #kept: LRUCache<Key, Kept<Value>>;

  constructor(maxBytes: number) {
    const maxSize = Math.max(1, maxBytes);
    // One that is larger than all room there is takes all of it: else every reader would read it again.
    const sizeCalculation = ({ sizeBytes }: Kept<Value>) => Math.min(Math.max(1, sizeBytes), maxSize);
    this.#kept = new LRUCache({ maxSize, sizeCalculation });
  }

  /** What is kept under a key in this size, else what `load` reads. A failure is not kept. */
  async read(key: Key, sizeBytes: number, load: () => Promise<Value>): Promise<Value> {
    const found = this.#kept.get(key);
    const kept = found?.sizeBytes === sizeBytes ? found : { sizeBytes, value: load() };
    if (kept !== found) this.#kept.set(key, kept);
    try {
      return await kept.value;
    } catch (error) {
      if (this.#kept.peek(key) === kept) this.#kept.delete(key);
      throw error;
    }
  }

  forget(key: Key): void {
    this.#kept.delete(key);
  }
}
