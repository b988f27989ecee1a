// One attempt at a slice at a time in a process. The server gives a slice to another attempt when no beat came through
// for a while: a stopped process, a server that was away. Where the older one is still at work here, it is told to stop
// and awaited, so that its answers are found and no cell is asked for by both.

export interface Attempt {
  /** Aborted once a newer attempt has begun. */
  readonly superseded: AbortSignal;
  end(): void;
}

export interface Attempts {
  /** Begins an attempt at the activity `id`, once no other one here is at work on it. */
  begin(id: string): Promise<Attempt>;
}

export function createAttempts(): Attempts {
  const running = new Map<string, { readonly controller: AbortController; readonly ended: Promise<void> }>();
  return {
    async begin(id) {
      for (let older = running.get(id); older !== undefined; older = running.get(id)) {
        older.controller.abort();
        await older.ended;
      }
      const controller = new AbortController();
      let resolve: () => void = () => undefined;
      const ended = new Promise<void>((done) => {
        resolve = done;
      });
      running.set(id, { controller, ended });
      return {
        superseded: controller.signal,
        end() {
          running.delete(id);
          resolve();
        },
      };
    },
  };
}
