import { expect, it } from 'vitest';
import type { Media } from '../../../../../src/models/model-client.ts';
import { chatBody } from '../../../../../src/models/providers/openai/protocol.ts';

function contentOf(media: readonly Media[], content = 'What is it?') {
  const body = chatBody({
    ...{ model: 'm', parameters: {}, timeoutMs: 1, responseSchema: null },
    messages: [{ role: 'user', content, media }],
    signal: new AbortController().signal,
    cell: { column: 'c', row: 0 },
  });
  return (body as { messages: [{ content: unknown }] }).messages[0].content;
}

it('what a model is shown goes before the text, in blocks as Data Designer sends them', () => {
  const media: readonly Media[] = [
    { modality: 'image', url: 'http://x/1.png' },
    { modality: 'image', url: 'data:image/png;base64,AAAA' },
    { modality: 'audio', url: 'http://x/1.mp3' },
    { modality: 'audio', url: 'data:audio/mpeg;base64,AAAA' },
    { modality: 'audio', url: 'data:audio/x-wav;base64,AAAA' },
    { modality: 'video', url: 'data:video/mp4;base64,AAAA' },
  ];
  expect(contentOf(media)).toEqual([
    { type: 'image_url', image_url: { url: 'http://x/1.png' } },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
    { type: 'audio_url', audio_url: { url: 'http://x/1.mp3' } },
    { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
    { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
    { type: 'video_url', video_url: { url: 'data:video/mp4;base64,AAAA' } },
    { type: 'text', text: 'What is it?' },
  ]);
});

it('without a text there is no block of text', () => {
  expect(contentOf([{ modality: 'image', url: 'http://x/1.png' }], '')).toHaveLength(1);
});
