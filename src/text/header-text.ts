// What a header of HTTP can carry.

/** They belong to the connection, which writes them itself. */
const OF_THE_CONNECTION =
  /^(?:connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;

export function isHeaderName(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !OF_THE_CONNECTION.test(name);
}

/** Latin-1 without control characters. */
export function isHeaderValue(value: string): boolean {
  return /^[\t -~\u{80}-\u{ff}]*$/u.test(value);
}

export const NO_HEADER_VALUE = 'holds what no header can carry: a line break, or a letter outside Latin-1';

/** What is wrong with a variable whose value a header is to carry; no message shows that. */
export function variableProblem(value: string | undefined): string | null {
  if (value === undefined || value === '') return 'is not set';
  return isHeaderValue(value) ? null : NO_HEADER_VALUE;
}
