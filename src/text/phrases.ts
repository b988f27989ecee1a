// Turns of phrase that messages share.

/** `, did you mean "name"?`; nothing for null. */
export function suggestion(name: string | null): string {
  return name === null ? '' : `, did you mean "${name}"?`;
}

/** A sentence for the middle of a message. */
export function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

/** `a, b or c` */
export function anyOf(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}
