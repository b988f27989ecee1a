// What every thread of threads.ts runs: `run` of the file that is asked for.

export interface ThreadTask {
  readonly file: string;
  readonly input: unknown;
}

/** An outcome that is no failure of the thread itself. */
export type ThreadOutcome = { readonly value: unknown } | { readonly thrown: unknown };

export async function run({ file, input }: ThreadTask): Promise<ThreadOutcome> {
  try {
    const task: { readonly run: (input: unknown) => unknown } = await import(file);
    return { value: await task.run(input) };
  } catch (thrown) {
    return { thrown };
  }
}
