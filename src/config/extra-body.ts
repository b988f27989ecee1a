// `extra_body` of models and providers: fields that every request carries as they are.

import type { ProviderKind } from '../models/providers/provider-kind.ts';
import { findOwn } from '../own-keys.ts';
import type { Value, ValueObject } from '../values.ts';
import type { Path } from './load.ts';
import type { Report } from './report.ts';
import { findSecret } from './secrets.ts';

interface OwnField {
  readonly why: string;
  /** What changes nothing. */
  readonly harmless?: Value;
}

/** Fields that make a request another one than its cell is known by, or an answer one that is paid for and lost. */
const OWN_FIELDS: { readonly [field: string]: OwnField } = {
  model: { why: 'is what the field "model" of a model says' },
  messages: { why: 'are made from prompt and system_prompt' },
  stream: { why: 'cannot be set: an answer is read whole', harmless: false },
  n: { why: 'cannot be set: a cell takes one answer, and each is paid for', harmless: 1n },
};

/** Everything wrong with an `extra_body` is in the report. */
export function checkExtraBody(report: Report, path: Path, body: ValueObject | null): void {
  const secret = findSecret(body);
  if (secret !== null) {
    report.add({
      path: [...path, ...secret],
      message: 'holds a secret in clear: requests are kept in the store',
    });
  }
  for (const [field, value] of Object.entries(body ?? {})) {
    const own = findOwn(OWN_FIELDS, field);
    if (own !== undefined && value !== own.harmless) {
      report.add({ path: [...path, field], message: own.why });
    }
  }
}

/** Warns of what such a provider has no field for. */
export function warnOfUnsent(
  report: Report,
  path: Path,
  { body, kind }: { readonly body: ValueObject | null; readonly kind: ProviderKind },
): void {
  for (const field of Object.keys(body ?? {})) {
    if (!kind.unsent.includes(field)) continue;
    const message = 'is left out: the provider has no such field';
    report.add({ path: [...path, field], message, level: 'warning', isAtKey: true });
  }
}
