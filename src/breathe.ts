// Loops of long work let the event loop turn, so that heartbeats and model calls go on beside them.

/** Work in one go. Several loops at once take turns, so this is what others wait for, however many there are. */
const MAX_HELD_MS = 10;

/** Resolves when all that waited before has had its turn. */
let line: Promise<void> = Promise.resolve();

/**
 * Makes what a loop awaits before each of its pieces: it waits for a turn of the event loop before the first one, and
 * whenever the pieces since the last turn took longer than {@link MAX_HELD_MS}.
 */
export function createBreather(): () => Promise<void> {
  let heldSince = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - heldSince < MAX_HELD_MS) return;
    // One loop a turn: were all of them to go on in the same one, it would last as long as all of their pieces together.
    line = line.then(() => new Promise(setImmediate));
    await line;
    heldSince = performance.now();
  };
}
