// Pictures in OpenAI's language: models that draw have a route of their own, models that talk answer a chat with pictures.

import type { Value } from '../../../values.ts';
import type { ProviderCall } from '../../http/provider-endpoint.ts';
import type { ImageAnswer, ImageRequest, Picture } from '../../model-client.ts';
import { fieldsOf, listOf, parse, readError, tokensIn } from '../reading.ts';
import { chatBody, completionIn } from './protocol.ts';

/** Parts of the names of models that draw, as Data Designer tells them. */
const DRAWING = /dall-e-|dalle|stable-diffusion|sd-|sd_|imagen|gpt-image-/i;

/** Whether a model is shown pictures beside its prompt: one that draws is sent the prompt alone. */
export function showsForImages(model: string): boolean {
  return !DRAWING.test(model);
}

const MAX_ANSWER_BYTES = 128 * 2 ** 20;

export function imageCall({
  model,
  messages,
  parameters,
  ...request
}: ImageRequest): Omit<ProviderCall<ImageAnswer>, 'body'> & { readonly body: Value } {
  const isChat = showsForImages(model);
  const prompt = messages.at(-1)?.content ?? '';
  return {
    route: isChat ? '/chat/completions' : '/images/generations',
    body: isChat
      ? chatBody({ ...request, model, messages, parameters, responseSchema: null })
      : { model, prompt, ...parameters },
    ...{ hasSchema: false, wanted: isChat ? 'chat completion' : 'list of pictures' },
    ...{ maxAnswerBytes: MAX_ANSWER_BYTES, readError, read: isChat ? readChat : readDrawn },
  };
}

/** Pictures beside the answer's text, else the text itself: a data URI, base64 or an address. */
function readChat(text: string): ReturnType<ProviderCall<ImageAnswer>['read']> {
  const body = fieldsOf(parse(text));
  const said = completionIn(body);
  if (said === null || said.error !== null) return said;
  const { answer } = said;
  const message = fieldsOf(fieldsOf(listOf(body.choices)[0]).message);
  const beside = listOf(message.images).flatMap(pictureIn);
  const inParts = listOf(message.content).flatMap(pictureIn);
  const [pictures = []] = [beside, inParts, pictureIn(answer.text.trim())].filter(({ length }) => length > 0);
  const { promptTokens, completionTokens, status } = answer;
  const words = pictures.length > 0 ? '' : (answer.refusal ?? answer.text);
  return { ...said, answer: { pictures, text: words, promptTokens, completionTokens, status } };
}

function readDrawn(text: string): ReturnType<ProviderCall<ImageAnswer>['read']> {
  const body = fieldsOf(parse(text));
  if (body.error !== undefined && body.error !== null) return { answer: null, error: readError(text) };
  if (!Array.isArray(body.data)) return null;
  const usage = fieldsOf(body.usage);
  return {
    answer: {
      pictures: body.data.flatMap(pictureIn),
      text: '',
      promptTokens: tokensIn(usage.input_tokens ?? usage.prompt_tokens),
      completionTokens: tokensIn(usage.output_tokens ?? usage.completion_tokens),
      status: 200,
    },
    id: null,
    error: null,
  };
}

/** Shorter texts are words. */
const MIN_BASE64_LENGTH = 100;

/** `{b64_json}`, `{image_url: {url}}`, `{url}`, or what stands there itself. */
function pictureIn(raw: unknown): readonly Picture[] {
  if (typeof raw !== 'string') {
    const { b64_json: base64, image_url: address, url } = fieldsOf(raw);
    if (typeof base64 === 'string') return [{ base64 }];
    const within = address ?? url ?? null;
    return within === null ? [] : pictureIn(within);
  }
  const inline = /^data:image\/[^;,]+;base64,/.exec(raw.slice(0, 60))?.[0];
  if (inline !== undefined) return [{ base64: raw.slice(inline.length) }];
  if (/^https?:\/\/\S+$/i.test(raw) && URL.canParse(raw)) return [{ url: raw }];
  return raw.length > MIN_BASE64_LENGTH && /^[A-Za-z0-9+/=]+$/.test(raw) ? [{ base64: raw }] : [];
}
