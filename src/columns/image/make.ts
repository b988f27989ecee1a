// `image`: a call makes the pictures of a cell. Each is a file of the dataset before any record names it. Where the endpoint
// answers with addresses, that answer is recorded first, and the pictures are fetched in a step of its own: what a crash or
// an outage ends there is not paid for again.

import type { Picture } from '../../models/model-client.ts';
import { shorten } from '../../text/shorten.ts';
import type { PictureFile, PicturesTurn } from '../../turns.ts';
import type { Calls, Draft } from '../calls.ts';
import { eachRow } from '../each-row.ts';
import { unusable } from '../llm/answer-kind.ts';
import type { ChatInput } from '../llm/chat-input.ts';
import type { Cell, CellMaker, RowView } from '../maker.ts';
import { contextsOf } from '../media/context.ts';
import { filesOf, formatOf } from '../media/media-of.ts';
import type { ImageColumn } from './declare.ts';
import { openImageInputs } from './image-input.ts';

/** Of what a model says in place of a picture. */
const SHOWN_TEXT = 200;

export const make: CellMaker<ImageColumn, ChatInput> = {
  shape: 'cells',
  open(column, opening) {
    const { alias, ...form } = column.form;
    const contexts = contextsOf(form);
    return {
      batch: 1,
      inputs: eachRow(openImageInputs(column, opening)),
      async make(cells, calls) {
        await Promise.all(cells.map((cell) => new PictureMaker(cell, { calls, alias }).make()));
        return undefined;
      },
      ...(contexts.length > 0 ? { files: ({ values }: RowView) => filesOf(contexts, values) } : {}),
      read({ turns: [turn] }) {
        if (turn?.by !== 'pictures') throw unusable('There is no picture in the answer');
        return turn.files.map(({ name }) => name);
      },
    };
  },
};

class PictureMaker {
  readonly #cell: Cell<ChatInput>;
  readonly #calls: Calls;
  readonly #alias: string;

  constructor(cell: Cell<ChatInput>, { calls, alias }: { readonly calls: Calls; readonly alias: string }) {
    this.#cell = cell;
    this.#calls = calls;
    this.#alias = alias;
  }

  async make(): Promise<void> {
    const answered = this.#answered() ?? (await this.#ask());
    if (answered.urls !== undefined) await this.#fetch(answered, answered.urls);
  }

  /** An answer of before whose pictures are still to be fetched. */
  #answered(): PicturesTurn | undefined {
    const last = this.#cell.history.findLast(({ status }) => status === 'call' || status === 'failed');
    return last?.status === 'call' ? last.turns.find((turn) => turn.by === 'pictures') : undefined;
  }

  async #ask(): Promise<PicturesTurn> {
    const { messages, parameters } = this.#cell.input;
    let turn: PicturesTurn = { by: 'pictures', files: [] };
    await this.#calls.call([this.#cell], {
      limiter: { model: this.#alias },
      send: async (_, sending) => {
        const { answer, cost } = await sending.picture({ messages, parameters });
        return { answer: { ...answer, files: await this.#keepInline(answer.pictures) }, cost };
      },
      keep: ({ files, pictures, text }) => {
        const urls = pictures.flatMap((picture) => ('url' in picture ? [picture.url] : []));
        turn = { by: 'pictures', files, ...(urls.length > 0 ? { urls } : {}) };
        return [endOf(turn, text)];
      },
    });
    return turn;
  }

  /** In place of an address that brings no picture the call fails: pictures are made of one answer or not at all. */
  async #fetch({ files }: PicturesTurn, urls: readonly string[]): Promise<void> {
    await this.#calls.call([this.#cell], {
      limiter: { model: this.#alias },
      isContinued: true,
      send: async (_, sending) => {
        const fetched = await Promise.all(urls.map(async (url) => this.#keepFile(await sending.fetch(url))));
        return { answer: fetched.filter((file) => file !== null), cost: null };
      },
      keep: (fetched) => [endOf({ by: 'pictures', files: [...files, ...fetched] }, '')],
    });
  }

  async #keepInline(pictures: readonly Picture[]): Promise<readonly PictureFile[]> {
    const inline = pictures.flatMap((picture) => ('base64' in picture ? [picture.base64] : []));
    const files = await Promise.all(inline.map((base64) => this.#keepFile(Buffer.from(base64, 'base64'))));
    return files.filter((file) => file !== null);
  }

  /** Null for what is no picture. */
  async #keepFile(bytes: Buffer): Promise<PictureFile | null> {
    const format = formatOf(bytes);
    return format === null ? null : this.#calls.pictures.keep(bytes, format);
  }
}

function endOf(turn: PicturesTurn, text: string): Draft {
  const value = turn.files.map(({ name }) => name);
  if (turn.urls !== undefined) return { status: 'call', turns: [turn] };
  if (value.length > 0) return { status: 'ok', turns: [turn], value };
  const said = text.trim() === '' ? '' : `: the model says "${shorten(text.trim(), SHOWN_TEXT)}"`;
  const message = `There is no picture in the answer that is PNG, JPEG, GIF or WebP${said}`;
  return { status: 'failed', turns: [turn], error: { kind: 'UnusableAnswer', message } };
}
