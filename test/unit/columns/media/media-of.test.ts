import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { MediaContext } from '../../../../src/columns/media/context.ts';
import { loadMedia } from '../../../../src/columns/media/load-media.ts';
import { digestOfMedia, filesOf, mediaOf, nameOfMedia } from '../../../../src/columns/media/media-of.ts';
import { sha256Of } from '../../../../src/digest.ts';
import { openLocalMedia } from '../../../../src/local-media.ts';
import type { Value } from '../../../../src/values.ts';

const folder = mkdtempSync(join(tmpdir(), 'rowloom-media-'));
afterAll(() => rmSync(folder, { recursive: true }));
const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.from('a picture')]);
const BASE64 = PNG.toString('base64');
writeFileSync(join(folder, 'cat.PNG'), PNG);
const local = openLocalMedia((reference) => join(folder, 'dataset', reference), { cwd: folder });

const context = (more: Partial<MediaContext> = {}): MediaContext => ({
  ...{ modality: 'image', column: 'photo', dataType: null, format: null, ...more },
});
const shown = (photo: Value, more: Partial<MediaContext> = {}) => mediaOf([context(more)], { photo }, local);
const urls = (photo: Value, more: Partial<MediaContext> = {}) =>
  shown(photo, more).map((medium) => ('url' in medium ? medium.url : null));

describe('what a cell shows a model', () => {
  it('is one item, each of a list, or each of text that is a JSON list', () => {
    const [one, two] = ['http://x/1.png', 'http://x/2.png'];
    expect(urls(one)).toEqual([one]);
    expect(urls([one, two])).toEqual([one, two]);
    expect(urls(JSON.stringify([one, two]))).toEqual([one, two]);
    expect(urls([])).toEqual([]);
    expect(urls('[]')).toEqual([]);
  });

  it('is an address, a file, base64 or a data URI, as it looks, where nothing is said', () => {
    expect(urls('https://x/any')).toEqual(['https://x/any']);
    expect(urls(BASE64)).toEqual([`data:image/png;base64,${BASE64}`]);
    expect(urls(BASE64, { format: 'webp' })).toEqual([`data:image/webp;base64,${BASE64}`]);
    expect(urls('data:image/jpg;base64,AAAA')).toEqual(['data:image/jpg;base64,AAAA']);
    const file = { reference: 'cat.PNG', sha256: sha256Of(PNG) };
    expect(shown('cat.PNG')).toEqual([{ modality: 'image', mediaType: 'image/png', file }]);
    expect(shown(join(folder, 'cat.PNG'))).toHaveLength(1);
  });

  it('is taken at its word: an address without a look at it, base64 with the format that is said', () => {
    expect(urls('cat.PNG', { dataType: 'url' })).toEqual(['cat.PNG']);
    expect(urls('AAAA', { dataType: 'base64', format: 'jpg' })).toEqual(['data:image/jpeg;base64,AAAA']);
    expect(urls('AAAA', { modality: 'audio', dataType: 'base64', format: 'mp3' })).toEqual([
      'data:audio/mpeg;base64,AAAA',
    ]);
    expect(urls('x/clip.mp4', { modality: 'video', dataType: 'url' })).toEqual(['x/clip.mp4']);
  });

  it.each<[Value, Partial<MediaContext>, RegExp]>([
    [null, {}, /^Cannot show column "photo": the cell is empty$/],
    ['', {}, /the cell is empty/],
    [true, {}, /true is no image/],
    ['gone.png', {}, /there is no file "gone.png" in the dataset's folder and in /],
    ['/gone.png', {}, /there is no file "\/gone.png"$/],
    ['notes.txt', {}, /"notes.txt" is neither a URL, nor the path of a file that ends in .png, .jpg/],
    ['AAAA', {}, /base64 that does not say what it is: set image_format/],
    ['AAAA', { modality: 'audio' }, /set audio_format/],
    [
      'cat.PNG',
      { dataType: 'base64', format: 'png' },
      /is no base64: without data_type the file would be read/,
    ],
    ['data:text/plain;base64,AAAA', {}, /"text\/plain" is no image that is known/],
    ['data:image/png;base64,AAAA', { format: 'jpg' }, /is no jpg, as image_format says/],
    [
      'a clip',
      { modality: 'video', dataType: 'url' },
      /is neither a URL nor the path of a file that ends in .mp4/,
    ],
  ])('is not %j with %j', (photo, more, message) => {
    expect(() => shown(photo, more)).toThrow(message);
  });
});

describe('the digest of a medium', () => {
  it('is that of its content, wherever it stands, and of an address the address', () => {
    const file = digestOfMedia(shown('cat.PNG')[0]!);
    expect(digestOfMedia(shown(BASE64)[0]!)).toEqual(file);
    expect(digestOfMedia(shown('http://x/1.png')[0]!)).toEqual({ modality: 'image', url: 'http://x/1.png' });
  });

  it('changes with the file', () => {
    const path = join(folder, 'dog.png');
    writeFileSync(path, PNG);
    const before = digestOfMedia(shown('dog.png')[0]!);
    utimesSync(path, 1, 1);
    expect(digestOfMedia(shown('dog.png')[0]!)).toEqual(before);
    writeFileSync(path, `${PNG}!`);
    expect(digestOfMedia(shown('dog.png')[0]!)).not.toEqual(before);
  });
});

describe('a file that is shown', () => {
  it('is read when it is sent, and is the one that the digest names, or the cell fails', async () => {
    const path = join(folder, 'bird.png');
    writeFileSync(path, PNG);
    const messages = [{ role: 'user', content: 'What is it?', media: shown('bird.png') }] as const;
    const url = `data:image/png;base64,${BASE64}`;
    expect(await loadMedia(messages, local)).toEqual([
      { role: 'user', content: 'What is it?', media: [{ modality: 'image', url }] },
    ]);
    writeFileSync(path, 'something else');
    await expect(loadMedia(messages, local)).rejects.toThrow(
      '"bird.png" is another file than when its cell was begun',
    );
    rmSync(path);
    await expect(loadMedia(messages, local)).rejects.toThrow('there is no file "bird.png"');
  });

  it('is sent with the type that endpoints know, whatever its data URI calls it', async () => {
    const media = [...shown('data:image/jpg;base64,AAAA'), ...shown('https://x/a.jpg')];
    const [message] = await loadMedia([{ role: 'user', content: '', media }], local);
    expect(message).toMatchObject({
      media: [{ url: 'data:image/jpeg;base64,AAAA' }, { url: 'https://x/a.jpg' }],
    });
  });

  it('is named by its path, its address or its size, and marked by size and time', () => {
    expect(nameOfMedia(shown('cat.PNG')[0]!)).toBe('cat.PNG');
    expect(nameOfMedia(shown(BASE64)[0]!)).toBe('image/png, 18 bytes');
    const values = { photo: ['cat.PNG', 'http://x/1.png', BASE64] };
    expect(filesOf([context()], values)).toEqual(['cat.PNG']);
    expect(filesOf([context({ dataType: 'url' })], values)).toEqual([]);
    expect(local.markOf('cat.PNG')).toMatchObject({ reference: 'cat.PNG', sizeBytes: PNG.length });
    expect(local.markOf('gone.png')).toBeUndefined();
  });
});
