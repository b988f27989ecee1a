/** Whether a newer build has the dataset: then whoever writes for this one ends. */
export class Fence {
  readonly #hasNewerEpoch: () => Promise<boolean>;
  readonly #onFenced: () => void;
  #isFenced = false;
  #looking: Promise<boolean> | undefined;

  constructor(hasNewerEpoch: () => Promise<boolean>, { onFenced }: { readonly onFenced: () => void }) {
    this.#hasNewerEpoch = hasNewerEpoch;
    this.#onFenced = onFenced;
  }

  /** As last seen. Once true it stays so. */
  get isFenced(): boolean {
    return this.#isFenced;
  }

  /** Looks again. All who ask in one turn of the event loop share a look. Throws what looking throws. */
  look(): Promise<boolean> {
    if (this.#looking === undefined) {
      this.#looking = this.#lookOnce();
      setImmediate(() => {
        this.#looking = undefined;
      });
    }
    return this.#looking;
  }

  async #lookOnce(): Promise<boolean> {
    if (!this.#isFenced && (await this.#hasNewerEpoch()) && !this.#isFenced) {
      this.#isFenced = true;
      this.#onFenced();
    }
    return this.#isFenced;
  }
}
