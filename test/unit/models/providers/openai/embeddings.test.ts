import { describe, expect, it } from 'vitest';
import { embeddingsBody, embeddingsCall } from '../../../../../src/models/providers/openai/protocol.ts';
import { decodeVector, encodeVector } from '../../../../../src/models/vectors.ts';

const ONE = encodeVector([1, 0.5])!;
const TWO = encodeVector([-2, 0.25])!;

function read(body: unknown, count = 2) {
  return embeddingsCall(count).read(JSON.stringify(body));
}

describe('a request for embeddings', () => {
  const request = {
    model: 'm1',
    inputs: ['a', 'b'],
    timeoutMs: 1_000,
    signal: new AbortController().signal,
    cell: { column: 'x', row: 0 },
  };

  it('asks for numbers unless the parameters say otherwise', () => {
    expect(embeddingsBody({ ...request, parameters: {} })).toEqual({
      ...{ model: 'm1', input: ['a', 'b'], encoding_format: 'float' },
    });
    const parameters = { encoding_format: 'base64', dimensions: 2n, input_type: 'query' };
    expect(embeddingsBody({ ...request, parameters })).toEqual({
      ...{ model: 'm1', input: ['a', 'b'], encoding_format: 'base64', dimensions: 2n, input_type: 'query' },
    });
  });
});

describe('an answer with embeddings', () => {
  it('is read as numbers and as base64, in the order of the indexes', () => {
    const data = [
      { index: 1, embedding: [-2, 0.25] },
      { index: 0, embedding: ONE },
    ];
    const said = read({ id: 'e1', data, usage: { prompt_tokens: 7, total_tokens: 9 } });
    expect(said).toEqual({
      ...{ answer: { vectors: [ONE, TWO], promptTokens: 7, status: 200 }, id: 'e1', error: null },
    });
  });

  it('is read in its own order where it has no indexes', () => {
    const data = [{ embedding: [1, 0.5] }, { embedding: [-2, 0.25] }];
    expect(read({ data })?.answer).toEqual({ vectors: [ONE, TWO], promptTokens: 0, status: 200 });
  });

  it.each([
    ['one too few', [{ index: 0, embedding: [1] }]],
    ['one too many', [0, 1, 2].map((index) => ({ index, embedding: [1] }))],
    ['an index twice', [0, 0].map((index) => ({ index, embedding: [1] }))],
    ['an index that was not asked', [0, 2].map((index) => ({ index, embedding: [1] }))],
    ['an empty vector', [[], [1]].map((embedding, index) => ({ index, embedding }))],
    ['no base64', ['?', ONE].map((embedding, index) => ({ index, embedding }))],
    ['a vector that is cut', [ONE.slice(0, 5), ONE].map((embedding, index) => ({ index, embedding }))],
    ['no number', [[1, null], [1]].map((embedding, index) => ({ index, embedding }))],
    ['a number that float32 does not hold', [[1e39], [1]].map((embedding, index) => ({ index, embedding }))],
  ])('is none with %s', (_, data) => {
    expect(read({ data })).toBeNull();
  });

  it('may be an error', () => {
    expect(read({ error: { message: 'too long', code: 400 } })).toEqual({
      ...{ answer: null, error: { message: 'too long', status: 400 } },
    });
  });
});

it('keeps a vector as float32 in little-endian order', () => {
  expect(Buffer.from(ONE, 'base64').toString('hex')).toBe('0000803f0000003f');
  expect(decodeVector(ONE)).toEqual([1, 0.5]);
  expect(encodeVector(decodeVector(TWO)!)).toBe(TWO);
});
