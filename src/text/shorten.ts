/** The beginning of a text that may be long, with `…` where it is cut; no character is cut in half. */
export function shorten(text: string, length = 60): string {
  return text.length > length ? `${text.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…` : text;
}
