import type { LocalMedia } from '../../local-media.ts';
import type { Message } from '../../models/model-client.ts';
import { dataUri, type ShownMedia, withUsualType } from './media-of.ts';

/** Messages as they are sent, with the bytes of the files that they show. Throws `CellError` where one is gone or another one by now. */
export function loadMedia(
  messages: readonly Message<ShownMedia>[],
  local: LocalMedia,
): Promise<readonly Message[]> {
  return Promise.all(
    messages.map(async (message): Promise<Message> => {
      if (message.role !== 'user') return message;
      const { media, ...text } = message;
      if (media === undefined) return text;
      const loaded = media.map(async (medium) => {
        if (!('file' in medium)) return { ...medium, url: withUsualType(medium.url) };
        const { modality, mediaType, file } = medium;
        return { modality, url: dataUri(mediaType, (await local.read(file)).toString('base64')) };
      });
      return { ...text, media: await Promise.all(loaded) };
    }),
  );
}
