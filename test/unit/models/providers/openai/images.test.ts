import { describe, expect, it } from 'vitest';
import type { ImageRequest } from '../../../../../src/models/model-client.ts';
import { imageCall, showsForImages } from '../../../../../src/models/providers/openai/images.ts';
import type { Value } from '../../../../../src/values.ts';

const request = (model: string): ImageRequest => ({
  ...{ model, parameters: { size: '512x512' }, timeoutMs: 1_000, cell: { column: 'x', row: 0 } },
  messages: [{ role: 'user', content: 'A cat', media: [{ modality: 'image', url: 'http://x/1.png' }] }],
  signal: new AbortController().signal,
});
const read = (model: string, body: Value | object) => imageCall(request(model)).read(JSON.stringify(body));
const picturesIn = (message: object) => read('painter', { choices: [{ message }] })?.answer?.pictures;
const BASE64 = 'A'.repeat(120);

describe('the route to a model that makes pictures', () => {
  it('follows from its name, as in Data Designer: who draws is sent the prompt alone', () => {
    for (const model of ['dall-e-3', 'DALLE', 'x/stable-diffusion-3', 'sd_xl', 'imagen-4', 'gpt-image-1'])
      expect(showsForImages(model)).toBe(false);
    expect(showsForImages('gemini-2.5-flash-image')).toBe(true);
    const drawn = imageCall(request('dall-e-3'));
    expect(drawn.route).toBe('/images/generations');
    expect(drawn.body).toEqual({ model: 'dall-e-3', prompt: 'A cat', size: '512x512' });
    const said = imageCall(request('painter'));
    expect(said.route).toBe('/chat/completions');
    expect(said.body).toMatchObject({ model: 'painter', size: '512x512', messages: [{ role: 'user' }] });
  });
});

describe('the pictures in an answer', () => {
  it('stand in its list, as base64 or addresses', () => {
    const data = [{ b64_json: 'AAAA' }, { url: 'http://x/1.png' }, { revised_prompt: 'A dog' }];
    expect(read('dall-e-3', { data, usage: { input_tokens: 4, output_tokens: 9 } })?.answer).toEqual({
      pictures: [{ base64: 'AAAA' }, { url: 'http://x/1.png' }],
      ...{ text: '', promptTokens: 4, completionTokens: 9, status: 200 },
    });
    expect(read('dall-e-3', { error: { message: 'no' } })?.error?.message).toBe('no');
    expect(read('dall-e-3', { choices: [] })).toBeNull();
  });

  it('stand beside the text of a chat, else in its parts, else are the text', () => {
    const url = 'data:image/png;base64,AAAA';
    expect(picturesIn({ content: 'Here', images: [{ image_url: { url } }] })).toEqual([{ base64: 'AAAA' }]);
    expect(picturesIn({ content: [{ type: 'image_url', image_url: { url } }] })).toEqual([
      { base64: 'AAAA' },
    ]);
    expect(picturesIn({ content: url })).toEqual([{ base64: 'AAAA' }]);
    expect(picturesIn({ content: BASE64 })).toEqual([{ base64: BASE64 }]);
    expect(picturesIn({ content: ' https://x/1.png ' })).toEqual([{ url: 'https://x/1.png' }]);
  });

  it('are none in words, which are kept to be told', () => {
    const said = read('painter', { choices: [{ message: { content: 'I would rather not' } }] });
    expect(said?.answer).toMatchObject({ pictures: [], text: 'I would rather not' });
  });
});
