/** Whether a newer build has the dataset: then whoever writes for this one ends. */
export interface Fence {
  /** As last seen. Once true it stays so. */
  readonly isFenced: boolean;
  /** Looks again. All who ask in one turn of the event loop share a look. Throws what looking throws. */
  look(): Promise<boolean>;
}

export function createFence(
  hasNewerEpoch: () => Promise<boolean>,
  { onFenced }: { readonly onFenced: () => void },
): Fence {
  let isFenced = false;
  let looking: Promise<boolean> | undefined;

  async function lookOnce(): Promise<boolean> {
    if (isFenced) return true;
    const found = await hasNewerEpoch();
    if (found && !isFenced) {
      isFenced = true;
      onFenced();
    }
    return isFenced;
  }

  return {
    get isFenced() {
      return isFenced;
    },
    look() {
      if (looking === undefined) {
        looking = lookOnce();
        setImmediate(() => {
          looking = undefined;
        });
      }
      return looking;
    },
  };
}
