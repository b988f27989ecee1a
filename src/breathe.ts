// Loops of long work let the event loop turn, so that heartbeats and model calls go on beside them.

/** Work in one turn of the event loop, of all loops together: this is what others wait for. */
const MAX_HELD_MS = 10;

/** When the first piece of this turn began; null before it. */
let turnBegan: number | null = null;
/** Resolves when all that waited before has had its turn. */
let line: Promise<void> = Promise.resolve();

/** What a loop of long work awaits before each of its pieces: it waits for a turn where this one has taken long enough. */
export async function breathe(): Promise<void> {
  const now = performance.now();
  if (turnBegan === null) {
    turnBegan = now;
    setImmediate(() => {
      turnBegan = null;
    });
  }
  if (now - turnBegan < MAX_HELD_MS) return;
  // One loop a turn: were all of them to go on in the same one, it would last as long as all of their pieces together.
  line = line.then(() => new Promise(setImmediate));
  await line;
}
