// Tells names of environment variables from secrets in clear. A secret never appears in a message, a plan or the store:
// documents name the variable that holds it.

/** What can be the name of an environment variable. */
const VARIABLE = /^[A-Z_][A-Z0-9_]*$/i;
/** A name that nobody would take for a key, so that a message may show it. */
const TELLING_VARIABLE = /^[A-Z]+(_[A-Z0-9]+)*$/;
const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

const SECRET_HEADER = /auth|token|secret|password|credential|cookie|(^|[-_])key$|api-?key/i;
const SECRET_FIELD = /^(authorization|api[-_]?key|(access|auth|bearer)[-_]?token|secret|password)$/i;
const SECRET_VALUE =
  /^\s*(bearer|basic)\s+\S|(^|[^A-Za-z0-9])(sk|pk|nvapi|ghp|gho|hf|gsk|xox[a-z])[-_][A-Za-z0-9_-]{8,}/i;

export function isVariableName(text: string): boolean {
  return VARIABLE.test(text) && !SECRET_VALUE.test(text);
}

/** Whether a message may show a variable's name: something that could be a key is not shown. */
export function isTellingName(variable: string): boolean {
  return TELLING_VARIABLE.test(variable);
}

/** The variables that a header's value refers to as `${NAME}`. */
export function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(REFERENCE)].map((match) => match[1]!);
}

/** Whether a header carries a secret in clear. */
export function isSecretHeader(name: string, value: string): boolean {
  const rest = value.replace(REFERENCE, '');
  if (SECRET_VALUE.test(rest)) return true;
  return SECRET_HEADER.test(name) && variablesIn(value).length === 0 && value.trim() !== '';
}

/** The path of the first field of a request body that carries a secret in clear, or null. */
export function findSecret(body: unknown): readonly string[] | null {
  if (typeof body !== 'object' || body === null) return null;
  for (const [name, item] of Object.entries(body)) {
    if (typeof item === 'string' && (SECRET_VALUE.test(item) || (SECRET_FIELD.test(name) && item !== ''))) {
      return [name];
    }
    const below = findSecret(item);
    if (below !== null) return [name, ...below];
  }
  return null;
}

/** Whether a URL carries a user, a password or a key. */
export function hasSecret(url: URL): boolean {
  const names = [...url.searchParams.keys()];
  return url.username !== '' || url.password !== '' || names.some((name) => /key|token|secret/i.test(name));
}
