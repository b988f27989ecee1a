// The name that a reader probably meant.

/** Nothing is named like what is longer. */
const MAX_NAME_LENGTH = 200;

/** As long as a beginning has to be to tell what was meant. */
const TELLING_LENGTH = 3;

/**
 * The candidate that is a slip of the pen away from `name` (ties: the first), else one that it shortens or goes on from,
 * or `null`.
 */
export function nearestName(name: string, candidates: readonly string[]): string | null {
  if (name.length > MAX_NAME_LENGTH) return null;
  let nearest: string | null = null;
  // Any letter is one slip away from any other.
  let least = name.length < 2 ? 1 : Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate);
    if (distance < least) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest ?? candidates.find((candidate) => isBeginning(name, candidate)) ?? null;
}

function isBeginning(name: string, candidate: string): boolean {
  const [short, long] = name.length < candidate.length ? [name, candidate] : [candidate, name];
  return short.length >= TELLING_LENGTH && long.startsWith(short);
}

/** What to say about a name that is not known. */
export function unknownName(kind: string, name: string, known: readonly string[]): string {
  return `Cannot use the ${kind} "${name}": no such ${kind}, ${meantBy(name, known)}`;
}

/** What a reader probably meant by a name, or else what to say. */
export function meantBy(
  name: string,
  known: readonly string[],
  otherwise = `use one of ${known.join(', ')}`,
): string {
  const nearest = nearestName(name, known);
  return nearest === null ? otherwise : `did you mean "${nearest}"?`;
}

/** Letters added, left out, replaced, or swapped with the next one. */
function editDistance(from: string, to: string): number {
  let beforePrevious: readonly number[] = [];
  let previous: readonly number[] = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      const isSwapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const swapped = isSwapped ? beforePrevious[column - 2]! + 1 : replaced;
      current.push(Math.min(replaced, swapped, previous[column]! + 1, current[column - 1]! + 1));
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length]!;
}
