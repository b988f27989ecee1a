// What `functions.py` does, for Rowloom.

interface Row {
  readonly [column: string]: unknown;
}
interface Models {
  readonly models: { readonly [alias: string]: { generate(prompt: string): Promise<unknown> } };
}

export function is_long(rows: readonly Row[]) {
  return rows.map((row) => {
    const { length } = String(Object.values(row)[0]);
    return { is_valid: length > 3, length };
  });
}

export function no_verdict(rows: readonly Row[]) {
  return rows.map(() => ({ fine: true }));
}

export function greet({ name }: Row) {
  return { greeting: `Hello ${name}`, size: [...String(name)].length };
}

export function ask({ name }: Row, { models }: Models) {
  return models.m!.generate(`Name ${name}`);
}

export function rank(rows: readonly Row[]) {
  return rows.map((_, index) => index);
}

export function fails({ name }: Row) {
  const rest = [...String(name)].length - 3;
  if (rest === 0) throw new Error('division by zero');
  return 1 / rest;
}

export function only_ann(rows: readonly Row[]) {
  if (rows.some(({ name }) => name !== 'Ann')) throw new Error('Not Ann');
  return rows.map(() => ({ is_valid: true }));
}
