// The order in which columns of one kind are made.

interface Needing {
  readonly name: string;
  readonly needs: readonly string[];
}

/** Columns so that each stands after those it needs, otherwise as given. Throws `RangeError` for a cycle. */
export function orderByNeeds<Column extends Needing>(columns: readonly Column[]): readonly Column[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const ordered = new Set<Column>();
  function visit(column: Column, path: readonly string[]): void {
    if (ordered.has(column)) return;
    const way = [...path, column.name];
    if (path.includes(column.name)) throw new RangeError(`Cannot order the columns: ${way.join(' → ')}`);
    for (const need of column.needs) {
      const needed = byName.get(need);
      if (needed !== undefined) visit(needed, way);
    }
    ordered.add(column);
  }
  for (const column of columns) visit(column, []);
  return [...ordered];
}
