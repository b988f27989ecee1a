interface Row {
  readonly product: string;
  readonly stars: number;
  readonly review: string;
}

/** Kettles have no bad reviews, and of the worst lamps half are left out. */
export function fair({ product, stars }: Row, { random }: { readonly random: () => number }) {
  if (product === 'lamp' && stars === 1 && random() < 0.5) return null;
  return product === 'kettle' ? { stars: Math.max(3, stars) } : {};
}

/** Counts words, and marks the products that a row group has few reviews of. */
export function measure(rows: readonly Row[], { params }: { readonly params: { readonly rare: number } }) {
  const count = (name: string) => rows.filter(({ product }) => product === name).length;
  return rows.map((row) => ({
    ...row,
    review: row.review.trim(),
    words: row.review.split(/\s+/).length,
    notes: count(row.product) <= params.rare ? 'rare' : null,
  }));
}

/** One review of each product and number of stars; every fifth is for validation. */
export async function* distinct(rows: AsyncIterable<Row>) {
  const seen = new Set<string>();
  for await (const row of rows) {
    const key = `${row.product} ${row.stars}`;
    if (seen.has(key)) continue;
    seen.add(key);
    yield { ...row, split: seen.size % 5 === 0 ? 'validation' : 'train' };
  }
}
