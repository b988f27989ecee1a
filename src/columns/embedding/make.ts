// `embedding`: cells go in lists, as endpoints take them; each cell has a record of its own.

import { digestOf } from '../../digest.ts';
import { CellError } from '../../errors.ts';
import { decodeVector } from '../../models/vectors.ts';
import { findOwn } from '../../own-keys.ts';
import { formatJson, isValueList, parseJson, type Value } from '../../values.ts';
import type { Draft } from '../calls.ts';
import { eachRow } from '../each-row.ts';
import type { CellMaker } from '../maker.ts';
import type { EmbeddingColumn } from './declare.ts';

/** Endpoints take 96 to 2,048 texts in a list; a longer list is no faster, and a refused one costs more. */
const LIST_LENGTH = 64;

export const make: CellMaker<EmbeddingColumn, readonly string[]> = {
  shape: 'cells',
  open({ name, form }, { plan }) {
    const { model, providerType, extraBody: parameters } = findOwn(plan.models, form.alias)!;
    return {
      batch: LIST_LENGTH,
      inputs: eachRow(({ values, redo }) => {
        const texts = textsOf(findOwn(values, form.target) ?? null);
        const digest = digestOf({
          ...{ kind: 'embedding', column: name, model, providerType, texts },
          parameters: formatJson(parameters),
          redo: redo > 0 ? redo : undefined,
        });
        return { digest, input: texts };
      }),
      async make(cells, calls) {
        // An empty list has no vectors, whatever it stands beside: endpoints refuse a request without texts.
        const empty = cells.filter(({ input }) => input.length === 0);
        await calls.keep(
          empty,
          empty.map(() => draftOf([])),
        );
        const asked = cells.filter(({ input }) => input.length > 0);
        if (asked.length === 0) return undefined;
        await calls.call(asked, {
          limiter: { model: form.alias },
          send: (some, sending) => sending.embed({ inputs: some.flatMap(({ input }) => input), parameters }),
          keep(vectors, some) {
            let next = 0;
            return some.map(({ input }) => {
              const base64 = vectors.slice(next, next + input.length);
              next += input.length;
              return draftOf(base64);
            });
          },
        });
        return undefined;
      },
      read({ turns: [turn] }) {
        if (turn?.by !== 'vectors')
          throw new CellError('UnusableAnswer', 'There are no vectors in the answer');
        const embeddings = turn.base64.map((vector) => decodeVector(vector) ?? []);
        return {
          embeddings,
          num_embeddings: BigInt(embeddings.length),
          dimension: BigInt(embeddings[0]?.length ?? 0),
        };
      },
    };
  },
};

function draftOf(base64: readonly string[]): Draft {
  return { status: 'ok', turns: [{ by: 'vectors', base64 }] };
}

/** The texts of a cell: each item of a list, or of text that is a JSON list of texts; any other text is one. */
function textsOf(value: Value): readonly string[] {
  if (typeof value === 'string') {
    const list = listIn(value);
    return list?.every((item) => typeof item === 'string') ? list : [value.trim()];
  }
  if (isValueList(value)) return value.map((item) => (typeof item === 'string' ? item : formatJson(item)));
  if (value === null) throw new CellError('NoText', 'There is no text to embed: the cell is empty');
  return [formatJson(value)];
}

function listIn(text: string): readonly Value[] | null {
  if (!/^\s*\[/.test(text)) return null;
  try {
    const value = parseJson(text);
    return isValueList(value) && value.length > 0 ? value : null;
  } catch {
    return null;
  }
}
