// Objects whose keys are names that people choose, such as columns and aliases. Every object inherits a `constructor`
// and a `toString`, and assigning to `__proto__` stores nothing: such objects are read and written here and nowhere else.
// A test of the sources holds that line.

/** What an object has under a name, inherited properties not counted; of nothing nothing. */
export function findOwn<Item>(
  object: { readonly [name: string]: Item } | undefined,
  name: string,
): Item | undefined {
  return object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Stores an item under any name. */
export function setOwn<Item>(object: { [name: string]: Item }, name: string, item: Item): void {
  if (name !== '__proto__') object[name] = item;
  else
    Object.defineProperty(object, name, {
      value: item,
      enumerable: true,
      writable: true,
      configurable: true,
    });
}
