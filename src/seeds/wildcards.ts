// Wildcards in the name of a file: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]`.

/** Whether a name is as a pattern says, letter by letter. */
export function patternOf(pattern: string): (name: string) => boolean {
  return matcherOf(sourceOf(pattern, '.'));
}

/** The same for a path below a folder, where wildcards stand for what is within one name, `**` for any folders. */
export function pathPatternOf(pattern: string): (path: string) => boolean {
  const names = pattern.split('/').map((name) => (name === '**' ? '' : `${sourceOf(name, '[^/]')}/`));
  const folders = pattern.split('/').map((name) => (name === '**' ? '(?:[^/]+/)*' : ''));
  return matcherOf(
    names
      .map((name, index) => `${folders[index]}${name}`)
      .join('')
      .replace(/\/$/, ''),
  );
}

function sourceOf(pattern: string, any: string): string {
  return pattern.replace(/\[(!?)(\]?[^\]]*)\]|[\s\S]/g, (part, not?: string, set?: string) => {
    if (part === '*') return `${any}*`;
    if (part === '?') return any;
    if (set !== undefined) return `[${not === '!' ? '^' : ''}${set.replace(/[\\\]^]/g, '\\$&')}]`;
    return part.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  });
}

function matcherOf(source: string): (name: string) => boolean {
  const expression = new RegExp(`^${source}$`, 's');
  return (name) => expression.test(name);
}

export function hasWildcard(name: string): boolean {
  return /[*?[]/.test(name);
}
