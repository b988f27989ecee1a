// The languages that code is checked in.

export const SQL_DIALECTS = ['sqlite', 'tsql', 'bigquery', 'mysql', 'postgres', 'ansi'] as const;
export type SqlDialect = (typeof SQL_DIALECTS)[number];

export const CODE_LANGS = [
  'python',
  'sql:sqlite',
  'sql:tsql',
  'sql:bigquery',
  'sql:mysql',
  'sql:postgres',
  'sql:ansi',
  'javascript',
  'typescript',
] as const;
export type CodeLang = (typeof CODE_LANGS)[number];

/** The dialect of an SQL language. */
export function dialectOf(lang: CodeLang): SqlDialect | undefined {
  return SQL_DIALECTS.find((dialect) => lang === `sql:${dialect}`);
}
