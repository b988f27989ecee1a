// One of the values listed for the value that another column has in the row.

import { z } from 'zod';
import { CellError } from '../../../errors.ts';
import { findOwn } from '../../../own-keys.ts';
import { nearestName } from '../../../text/nearest-name.ts';
import { suggestion } from '../../../text/phrases.ts';
import { isValueObject } from '../../../values.ts';
import { label, map, mapOf } from '../../fields.ts';
import { columnName } from '../../marks.ts';
import { textOf } from '../convert.ts';
import { labelText, subcategoryKind } from '../labels.ts';
import { samplerType } from '../params.ts';
import { listParam, type ParameterSet, type Sampler, type SamplerChecks, textParam } from '../sampler.ts';

const params = map({
  ...samplerType('subcategory'),
  category: columnName(),
  values: mapOf(z.array(label()).min(1)),
});

export const subcategory: Sampler<typeof params> = {
  params,
  draws: 'label',
  type: (sets) => ({ kind: subcategoryKind(sets.flatMap(({ values }) => Object.values(values).flat())) }),
  labels: ({ values }) => Object.values(values).flat(),
  check: checkParent,
  open({ params: given }) {
    const parent = textParam(given, 'category');
    const { values } = given;
    if (!isValueObject(values)) throw new TypeError('Cannot sample with "values": it is not a map');
    const lists = new Map(Object.keys(values).map((key) => [key, listParam(values, key)]));
    return {
      draw({ draw, drawn }) {
        const key = textOf(findOwn(drawn, parent) ?? null);
        const list = lists.get(key);
        if (list === undefined) {
          throw new CellError(
            'SamplerError',
            `Cannot choose a subcategory: "values" has no list for "${key}" of column "${parent}"`,
          );
        }
        return list[Math.floor(draw() * list.length)]!;
      },
    };
  },
};

/** That the parent is there at all is checked as for every field that names a column. */
function checkParent(
  { path, params: { category, values } }: ParameterSet<z.output<typeof params>>,
  { name, drawnBy, add }: SamplerChecks,
): void {
  const parent = drawnBy(category);
  if (parent === undefined || category === name) return;
  if (parent?.sampler !== 'category') {
    const message = `the parent of a subcategory has to be a sampler of type category, and "${category}" is none`;
    add([...path, 'category'], `${message} (in params.category)`, { isWhole: true });
    return;
  }
  const labels = [...new Set(parent.labels.map(labelText))];
  const keys = Object.keys(values);
  for (const missing of labels.filter((wanted) => !keys.includes(wanted))) {
    add([...path, 'values'], `has no list for "${missing}", a value of "${category}"`);
  }
  const unlisted = labels.filter((wanted) => !keys.includes(wanted));
  for (const key of keys.filter((given) => !labels.includes(given))) {
    const message = `is no value of "${category}"${suggestion(nearestName(key, unlisted))}`;
    add([...path, 'values', key], message, { isAtKey: true });
  }
}
