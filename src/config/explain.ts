// Says what zod found wrong, in the words of the document.

import type { z } from 'zod';
import { describe, plainText } from '../columns/fields.ts';
import { findOwn } from '../own-keys.ts';
import { nearestName } from '../text/nearest-name.ts';
import { anyOf, suggestion } from '../text/phrases.ts';
import type { Path } from './load.ts';
import { type Finding, formatPath, type Report } from './report.ts';

type Issue = z.core.$ZodIssue;

/** Reads the part of a document at `path` with a schema. Null, and findings in the report, when it does not fit. */
export function readPart<Schema extends z.ZodType>(
  report: Report,
  {
    path,
    schema,
    input = report.read(path),
  }: { readonly path: Path; readonly schema: Schema; readonly input?: unknown },
): z.infer<Schema> | null {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    for (const finding of explain(issue, { report, path, schema })) report.add(finding);
  }
  return null;
}

interface Context {
  readonly report: Report;
  readonly path: Path;
  readonly schema: z.ZodType;
}

function explain(issue: Issue, context: Context): readonly Finding[] {
  const { report, schema } = context;
  const path = [...context.path, ...(issue.path as Path)];
  const input = report.read(path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = [...new Set(fieldsAt(schema, issue.path as Path))];
      return issue.keys.map((key) => unknownField([...path, key], known));
    }
    case 'invalid_union': {
      const branch =
        bestBranch(issue.errors, input)?.map((inner) => withAllValues(inner, issue.errors)) ?? null;
      if (branch === null)
        return [{ path, message: `has to be ${unionWords(issue.errors)}, not ${describe(input)}` }];
      return branch.flatMap((inner) =>
        explain({ ...inner, path: [...issue.path, ...inner.path] } as Issue, context),
      );
    }
    case 'invalid_type':
      if (input === undefined) {
        return [{ path, message: 'is missing', isAtKey: true }];
      }
      return [{ path, message: `has to be ${typeWord(issue.expected)}, not ${describe(input)}` }];
    case 'invalid_value': {
      const words = issue.values.map(String);
      const wrong = plainText(input);
      const near = typeof wrong === 'string' ? nearestName(wrong, words) : null;
      if (input === undefined) {
        const choices = words.length > 1 ? `: it has to be ${anyOf(words)}` : '';
        return [{ path, message: `is missing${choices}`, isAtKey: true }];
      }
      return [{ path, message: `has to be ${anyOf(words)}, not ${describe(input)}${suggestion(near)}` }];
    }
    case 'too_small':
    case 'too_big': {
      const limit = issue.code === 'too_small' ? issue.minimum : issue.maximum;
      const bound = issue.code === 'too_small' ? 'at least' : 'at most';
      if (issue.origin === 'array') {
        return [{ path, message: `has to have ${bound} ${limit} ${limit === 1 ? 'item' : 'items'}` }];
      }
      return [{ path, message: `has to be ${bound} ${limit}, not ${describe(input)}` }];
    }
    default:
      return [{ path, message: issue.message }];
  }
}

/** `no field "promt", did you mean "prompt"?` at the key. */
export function unknownField(path: Path, known: readonly string[]): Finding {
  const name = String(path.at(-1));
  const near = nearestName(name, known);
  return {
    path,
    message: `no field "${name}"${inside(path)}${suggestion(near)}`,
    isWhole: true,
    isAtKey: true,
  };
}

/** Names the map a field stands in where that is not the column, model or provider itself. */
function inside(path: Path): string {
  const lastIndex = path.findLastIndex((key) => typeof key === 'number');
  const owner = path
    .slice(0, -1)
    .filter((key, index): key is string => index > lastIndex && typeof key === 'string');
  return owner.length === 0 ? '' : ` in ${formatPath(owner)}`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a number',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function typeWord(expected: string): string {
  return findOwn(TYPE_WORDS, expected) ?? expected;
}

/** The branch that was meant: null when the input is of no branch's type. */
function bestBranch(branches: readonly (readonly Issue[])[], input: unknown): readonly Issue[] | null {
  const fitting = branches.filter((issues) => !issues.some(isWrongType));
  if (input === null || fitting.length === 0) return null;
  return fitting.reduce((best, issues) => (weightOf(issues) < weightOf(best) ? issues : best));
}

function isWrongType(issue: Issue): boolean {
  return issue.code === 'invalid_type' && issue.path.length === 0;
}

/** A word that one branch refuses may be any of all branches' words. */
function withAllValues(issue: Issue, branches: readonly (readonly Issue[])[]): Issue {
  if (issue.code !== 'invalid_value') return issue;
  const values = branches.flat().flatMap((other) => {
    const isSame =
      other.code === 'invalid_value' && formatPath(other.path as Path) === formatPath(issue.path as Path);
    return isSame ? other.values : [];
  });
  return { ...issue, values };
}

function weightOf(issues: readonly Issue[]): number {
  // Each unknown key counts: fields tell the branches apart.
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
}

function unionWords(branches: readonly (readonly Issue[])[]): string {
  const words = branches.flatMap((issues) =>
    issues.filter(isWrongType).map((issue) => typeWord((issue as z.core.$ZodIssueInvalidType).expected)),
  );
  return anyOf([...new Set(words)]);
}

/** The fields that a schema allows at a path; unions allow those of all their branches. */
export function fieldsAt(schema: z.core.$ZodType, path: Path): readonly string[] {
  const definition = (schema as z.ZodType)._zod.def as z.core.$ZodTypes['_zod']['def'];
  const [key, ...rest] = path;
  switch (definition.type) {
    case 'pipe':
      // Of a reading and a transformation the reading has the fields.
      return fieldsAt(definition.out._zod.def.type === 'transform' ? definition.in : definition.out, path);
    case 'default':
    case 'prefault':
    case 'nullable':
    case 'optional':
      return fieldsAt(definition.innerType, path);
    case 'union':
      return definition.options.flatMap((option) => fieldsAt(option, path));
    case 'object': {
      if (key === undefined) return Object.keys(definition.shape);
      const field = findOwn(definition.shape, key as string);
      return field === undefined ? [] : fieldsAt(field, rest);
    }
    case 'array':
      return fieldsAt(definition.element, rest);
    case 'record':
      return fieldsAt(definition.valueType, rest);
    default:
      return [];
  }
}
