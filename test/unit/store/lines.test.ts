import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLine, type Line, readLines, readLinesOf } from '../../../src/store/lines.ts';

async function readAll(chunks: readonly Buffer[]): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const some of readLinesOf(Readable.from(chunks))) lines.push(...some);
  return lines;
}

function describeLine(line: Line): string {
  return line.state === 'whole' ? line.text : line.state;
}

/** The bytes in pieces that end at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

/** Lines as they may stand in a file: most of them whole. */
const anyLine = fc.oneof(
  { weight: 5, arbitrary: fc.json().map((json) => formatLine(json)) },
  { weight: 1, arbitrary: fc.constant(formatLine(JSON.stringify('ü\u2028'.repeat(300)))) },
  { weight: 1, arbitrary: fc.string().map((text) => `${text.replaceAll('\n', '')}\n`) },
);

describe('the lines of a file', () => {
  it('are the same wherever its chunks end, and the bytes of each are those of the file', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyLine, { maxLength: 8 }),
        fc.nat(),
        fc.array(fc.nat(), { maxLength: 12 }),
        async (written, tail, places) => {
          const all = Buffer.from(written.join(''));
          const bytes = all.subarray(0, all.length - (tail % 4 === 0 ? tail % (all.length + 1) : 0));
          const lines = await readAll(cut(bytes, places));
          const whole = await readAll([bytes]);
          expect(lines.map(describeLine)).toEqual(whole.map(describeLine));
          const joined = lines.map((line) => line.bytes.toString('latin1')).join('\n');
          expect([joined, `${joined}\n`]).toContain(bytes.toString('latin1'));
          expect(readLines(bytes)).toEqual(lines);
        },
      ),
    );
  });

  it('come as many at a time as end in a chunk', async () => {
    const written = [1, 2, 3, 4].map((number) => formatLine(`${number}`));
    const chunks = [
      Buffer.from(`${written.slice(0, 3).join('')}${written[3]?.slice(0, 2)}`),
      Buffer.alloc(0),
    ];
    const groups: string[][] = [];
    for await (const lines of readLinesOf(
      Readable.from([...chunks, Buffer.from(written[3]?.slice(2) ?? '')]),
    ))
      groups.push(lines.map(describeLine));
    expect(groups).toEqual([['1', '2', '3'], ['4']]);
  });

  it('are damaged when any of their bytes is another', () => {
    const line = Buffer.from(formatLine('{"v":2,"row":3}'));
    for (let position = 0; position < line.length - 1; position += 1) {
      const damaged = Buffer.from(line);
      damaged[position] = (damaged[position] as number) ^ 1;
      const found = readLines(Buffer.concat([damaged, line]));
      expect(found.map(({ state }) => state)).toEqual(['damaged', 'whole']);
    }
  });

  it.each([
    ['a newline that is missing', formatLine('1').slice(0, -1), ['1']],
    ['half a line', formatLine('12').slice(0, -2), ['torn']],
    ['half a line behind a damaged one', `x\n${formatLine('12').slice(0, -2)}`, ['damaged', 'torn']],
    ['a last line that is not what was written', `${formatLine('1')}x\n`, ['1', 'torn']],
    ['an empty line', `\n${formatLine('1')}`, ['damaged', '1']],
    ['nothing', '', []],
  ])('say what a crash left: %s', async (_, text, expected) => {
    for (const places of [[], [...Array(text.length).keys()]])
      expect((await readAll(cut(Buffer.from(text), places))).map(describeLine)).toEqual(expected);
  });
});
