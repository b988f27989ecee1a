/** What many wait for, again and again: something has changed, and each looks for itself what. */
export class Bell {
  #ring: () => void = () => undefined;
  #rung = this.#next();

  ring(): void {
    this.#ring();
    this.#rung = this.#next();
  }

  /** Resolves when it rings the next time. */
  rung(): Promise<void> {
    return this.#rung;
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#ring = resolve;
    });
  }
}
