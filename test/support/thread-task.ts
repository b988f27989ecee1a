// What the tests of threads have a thread do.

export type Asked = 'answer' | 'throw' | 'exit' | 'die' | 'wait';

export async function run(asked: Asked): Promise<string> {
  if (asked === 'throw') throw new RangeError('It is out of range');
  if (asked === 'exit') process.exit(3);
  if (asked === 'die') {
    setTimeout(() => {
      throw new Error('nobody catches this');
    }, 10);
  }
  if (asked !== 'answer') await new Promise(() => setTimeout(() => undefined, 60_000));
  return 'the answer';
}
