import { line } from '../tell/format.ts';

export interface Interrupts {
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  dispose(): void;
}

/** The first Ctrl-C ends what runs, the second leaves at once. */
export function handleInterrupts(options: {
  readonly onFirst: () => void;
  /** What leaving at once means, for people. */
  readonly leaving: string;
  readonly say: (text: string) => void;
}): Interrupts {
  const controller = new AbortController();
  function interrupt(name: NodeJS.Signals): void {
    if (controller.signal.aborted) {
      // A terminal that is closed sends SIGHUP twice, by itself and through its shell: nobody wants to leave at once.
      if (name === 'SIGHUP') return;
      options.say(line('left', options.leaving));
      process.exit(1);
    }
    options.onFirst();
    controller.abort();
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, interrupt);
  return {
    signal: controller.signal,
    dispose() {
      for (const name of signals) process.off(name, interrupt);
    },
  };
}
