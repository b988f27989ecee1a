import { columnDraws } from '../../draws.ts';
import { ProcessorError } from '../../errors.ts';
import { setOwn } from '../../own-keys.ts';
import { TemplateRenderError } from '../../templates/syntax/template-error.ts';
import { parseTemplate, renderTemplate } from '../../templates/template.ts';
import {
  formatJson,
  isValueList,
  isValueObject,
  parseJson,
  type Value,
  type ValueObject,
} from '../../values.ts';
import type { AfterBatchMaker, BatchRow } from '../declaration.ts';
import type { SchemaTransform } from './declare.ts';
import { columnsOfTemplate, hasPlaceholder } from './template.ts';

/** Renders a part of the template with a row. */
type Render = (row: BatchRow) => Value;

export const make: AfterBatchMaker<SchemaTransform> = {
  open({ name, form }, { plan }) {
    const template = parseJson(form.template) as ValueObject;
    const draws = columnDraws([plan.seed, name, 'processor']);
    const record = openPart(template, (row) => draws(row, 0));
    const columns = columnsOfTemplate(template);
    return async (rows) => ({
      own: {
        columns,
        rows: rows.map(({ row, values }) => {
          try {
            return record({ row, values: printable(values) }) as ValueObject;
          } catch (error) {
            if (!(error instanceof TemplateRenderError)) throw error;
            throw new ProcessorError(name, { rows: { first: row, last: row }, message: error.message });
          }
        }),
      },
    });
  },
};

function openPart(part: Value, drawOf: (row: number) => () => number): Render {
  if (typeof part === 'string') {
    if (!hasPlaceholder(part)) return () => part;
    const template = parseTemplate(part);
    return ({ row, values }) => renderTemplate(template, values, { draw: drawOf(row) });
  }
  if (isValueList(part)) {
    const items = part.map((item) => openPart(item, drawOf));
    return (row) => items.map((item) => item(row));
  }
  if (!isValueObject(part)) return () => part;
  const fields = Object.entries(part).map(
    ([key, item]) => [openPart(key, drawOf), openPart(item, drawOf)] as const,
  );
  return (row) => {
    const record: { [key: string]: Value } = {};
    for (const [key, item] of fields) setOwn(record, key(row) as string, item(row));
    return record;
  };
}

/** A record is JSON: what prints as a whole prints as that, and still acts as what it is. */
function printable(values: ValueObject): ValueObject {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const isNested = value === null || typeof value === 'object';
      return [name, isNested ? formatJson(value) : value];
    }),
  );
}
