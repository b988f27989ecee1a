// What a cell shows a model: from the value of a column to images, sounds and videos.
//
// A value is one item, a list of items, or text that is a JSON list of items. `[]` shows nothing. What is no item fails the
// cell, and says why: a call that cannot be understood costs all the same.

import { sha256Of } from '../../digest.ts';
import { CellError } from '../../errors.ts';
import type { LocalMedia, MediaFile } from '../../local-media.ts';
import type { Media } from '../../models/model-client.ts';
import { findOwn } from '../../own-keys.ts';
import { shorten } from '../../text/shorten.ts';
import { formatJson, isValueList, parseJson, type Value, type ValueObject } from '../../values.ts';
import { FORMATS, type MediaContext, type Modality } from './context.ts';

/** Something to be shown; of a file the bytes are read when it is sent. */
export type ShownMedia = Media | UnreadMedia;

export interface UnreadMedia {
  readonly modality: Modality;
  readonly mediaType: string;
  readonly file: MediaFile;
}

const SHOWN_TEXT = 60;

/** What the columns of a context hold in a row, in their order. Throws `CellError`. */
export function mediaOf(
  contexts: readonly MediaContext[],
  values: ValueObject,
  local: LocalMedia,
): readonly ShownMedia[] {
  return contexts.flatMap((context) =>
    itemsOf(findOwn(values, context.column) ?? null).map((item) => {
      try {
        return mediumOf(item, context, local);
      } catch (error) {
        if (!(error instanceof CellError)) throw error;
        throw new CellError(error.kind, `Cannot show column "${context.column}": ${error.message}`);
      }
    }),
  );
}

/** The local files that a row would show, as its cells name them. */
export function filesOf(contexts: readonly MediaContext[], values: ValueObject): readonly string[] {
  return contexts.flatMap((context) =>
    context.dataType !== null
      ? []
      : itemsOf(findOwn(values, context.column) ?? null).filter(
          (item): item is string => typeof item === 'string' && isPath(item.trim(), context.modality),
        ),
  );
}

/** What stands for a medium in a digest: its address or its content. */
export function digestOfMedia(media: ShownMedia): Value {
  const { modality } = media;
  if ('file' in media) return { modality, type: media.mediaType, content: media.file.sha256 };
  const inline = dataUriIn(media.url);
  if (inline === null) return { modality, url: media.url };
  return { modality, type: inline.type, content: sha256Of(Buffer.from(inline.base64, 'base64')) };
}

/** What stands for a medium where people read: its address, its file, or how large it is. */
export function nameOfMedia(media: ShownMedia): string {
  if ('file' in media) return media.file.reference;
  const inline = dataUriIn(media.url);
  return inline === null ? media.url : `${inline.type}, ${Math.floor((inline.base64.length * 3) / 4)} bytes`;
}

export function dataUri(mediaType: string, base64: string): string {
  return `data:${mediaType};base64,${base64}`;
}

/** An address as it is, a data URI with its type as endpoints know it: `image/jpg` is `image/jpeg`. No digest has that. */
export function withUsualType(url: string): string {
  const inline = dataUriIn(url);
  return inline === null ? url : dataUri(sameType(inline.type), inline.base64);
}

function itemsOf(value: Value): readonly Value[] {
  if (typeof value === 'string' && /^\s*\[/.test(value)) {
    try {
      const list = parseJson(value);
      if (isValueList(list)) return list;
    } catch {
      return [value];
    }
  }
  return isValueList(value) ? value : [value];
}

function mediumOf(item: Value, context: MediaContext, local: LocalMedia): ShownMedia {
  const { modality, dataType } = context;
  if (typeof item !== 'string' || item.trim() === '')
    throw unusable(item === null || item === '' ? 'the cell is empty' : `${brief(item)} is no ${modality}`);
  const text = item.trim();
  if (dataType === 'url') {
    if (modality !== 'image' && !isUrl(text) && !isPath(text, modality))
      throw unusable(`${brief(text)} is neither a URL nor the path of ${endingsOf(modality)}`);
    return { modality, url: text };
  }
  const inline = dataUriIn(text);
  if (inline !== null) return ofDataUri(text, inline.type, context);
  if (dataType === null) {
    if (isUrl(text)) return { modality, url: text };
    if (isPath(text, modality)) {
      const mediaType = findOwn(FORMATS[modality], endingOf(text))!;
      return { modality, mediaType, file: local.look(text) };
    }
  }
  if (!isBase64(text))
    throw unusable(
      dataType === null
        ? `${brief(text)} is neither a URL, nor the path of ${endingsOf(modality)}, nor base64`
        : `${brief(text)} is no base64${isPath(text, modality) ? ': without data_type the file would be read' : ''}`,
    );
  const format = context.format ?? (modality === 'image' ? formatOf(Buffer.from(text, 'base64')) : null);
  if (format === null)
    throw unusable(`${brief(text)} is base64 that does not say what it is: set ${modality}_format`);
  return { modality, url: dataUri(findOwn(FORMATS[modality], format)!, text) };
}

function ofDataUri(url: string, type: string, { modality, format }: MediaContext): Media {
  const known = Object.entries(FORMATS[modality]).filter(([, mediaType]) => mediaType === sameType(type));
  if (known.length === 0) throw unusable(`a data URI of type "${type}" is no ${modality} that is known`);
  if (format !== null && !known.some(([name]) => name === format))
    throw unusable(`a data URI of type "${type}" is no ${format}, as ${modality}_format says`);
  return { modality, url };
}

const OTHER_TYPES: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'audio/mp3': 'audio/mpeg',
  'audio/wave': 'audio/wav',
  'audio/x-wav': 'audio/wav',
  'audio/vnd.wave': 'audio/wav',
};

function sameType(type: string): string {
  const lower = type.toLowerCase();
  return findOwn(OTHER_TYPES, lower) ?? lower;
}

function dataUriIn(text: string): { readonly type: string; readonly base64: string } | null {
  if (!text.startsWith('data:')) return null;
  const comma = text.indexOf(',');
  const [, type] = /^data:([^;,]+);base64$/.exec(text.slice(0, Math.max(0, comma))) ?? [];
  return type === undefined ? null : { type, base64: text.slice(comma + 1) };
}

function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

function endingOf(text: string): string {
  return /\.(\w+)$/.exec(text)?.[1]?.toLowerCase() ?? '';
}

function isPath(text: string, modality: Modality): boolean {
  return !isUrl(text) && !text.startsWith('data:') && Object.hasOwn(FORMATS[modality], endingOf(text));
}

function endingsOf(modality: Modality): string {
  return `a file that ends in ${Object.keys(FORMATS[modality])
    .map((format) => `.${format}`)
    .join(', ')}`;
}

function isBase64(text: string): boolean {
  return text.length % 4 !== 1 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}

/** The format of a picture, by its first bytes; null for none that is known. */
export function formatOf(bytes: Uint8Array): 'png' | 'jpg' | 'gif' | 'webp' | null {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('\xff\xd8\xff')) return 'jpg';
  if (start.startsWith('GIF8')) return 'gif';
  return start.startsWith('RIFF') && start.endsWith('WEBP') ? 'webp' : null;
}

/** What HTTP calls the type of a picture that a cell names: its ending is its format. */
export function typeOfPicture(file: string): string {
  return findOwn(FORMATS.image, endingOf(file))!;
}

function brief(item: Value): string {
  return typeof item === 'string' ? `"${shorten(item, SHOWN_TEXT)}"` : shorten(formatJson(item), SHOWN_TEXT);
}

function unusable(message: string): CellError {
  return new CellError('UnusableMedia', message);
}
