/** Whether what was typed is an address of the web. */
export function isWebAddress(typed: string): boolean {
  return /^https?:\/\//i.test(typed);
}

/** An address without what may be a key in it; what is none is as it was typed. */
export function withoutSecrets(typed: string): string {
  if (!isWebAddress(typed) || !URL.canParse(typed)) return typed;
  const { protocol, host, pathname } = new URL(typed);
  return `${protocol}//${host}${pathname}`;
}
