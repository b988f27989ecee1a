// Wildcards in names, as Python's `fnmatch` has them: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]`.

/** Whether a name is as a pattern says, letter by letter. */
export function patternOf(pattern: string): (name: string) => boolean {
  return matcherOf(sourceOf(pattern, '[\\s\\S]'));
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
    if (set !== undefined) return `[${not === '!' ? '^' : ''}${set.replace(/[\\\]^[]/g, '\\$&')}]`;
    return part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  });
}

/** A range that ends before it begins, `[z-a]`, is that of no letter. */
function matcherOf(source: string): (name: string) => boolean {
  try {
    const expression = new RegExp(`^${source}$`, 'u');
    return (name) => expression.test(name);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return () => false;
  }
}

export function hasWildcard(name: string): boolean {
  return /[*?[]/.test(name);
}
