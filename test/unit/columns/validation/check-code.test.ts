// Verdicts on code. Those on Python are what Data Designer 0.9.7 with the same ruff gave on the same text.

import { describe, expect, it } from 'vitest';
import { run } from '../../../../src/columns/validation/check-code.ts';
import { CODE_LANGS, type CodeLang } from '../../../../src/columns/validation/code-langs.ts';
import type { Value } from '../../../../src/values.ts';

const check = async (lang: CodeLang, text: Value) =>
  (await run({ lang, texts: [text] }))[0] as unknown as Verdict;

interface Verdict {
  readonly is_valid: boolean;
  readonly error_messages: string;
  readonly python_linter_score: number;
  readonly python_linter_severity: string;
  readonly python_linter_messages: readonly Message[];
}
interface Message {
  readonly type: string;
  readonly symbol: string;
  readonly line: bigint;
  readonly column: bigint;
}

/** Code, score, severity, messages. */
const PYTHON: readonly (readonly [string, number, string, string])[] = [
  ['', 10, 'none', ''],
  ['def f(a):\n    return a + 1\n\n\nprint(f(2))\n', 10, 'none', ''],
  ['def f(:\n', 0, 'fatal', 'fatal invalid-syntax 1:7, fatal invalid-syntax 2:1'],
  [
    's = "é ü 日本" + missing\nt = "日本語" ; missing2\n',
    0,
    'error',
    'error F821 1:16, error F821 2:13, refactor E702 2:11',
  ],
  [
    'import a\nimport os, sys\nfrom b import c as c\n',
    3.333333333333334,
    'convention',
    'convention PLC0414 3:15, refactor E401 2:1',
  ],
  [
    'x = 1  # noqa: E501\nif x is 1: y = not x in [1]\n',
    0,
    'error',
    'error F632 2:4, refactor E701 2:10, refactor E713 2:20',
  ],
  [
    'import sys\n\nb = 0\nif sys.argv == None:\n    b = 1\nelif sys.path:\n    b = 2\nelif sys.flags:\n    b = 3\nelse:\n    b = 4\n',
    8.88888888888889,
    'refactor',
    'refactor E711 4:16',
  ],
  [
    'def f(a):\n    """doc\n    StmtIf {\n    test: Some(\n    """\n    match a:\n        case 1: return 2\n        case _:\n            pass\n    x = lambda: a if a else 1\n    return x\n',
    7.142857142857143,
    'refactor',
    'refactor E701 7:15, refactor E731 10:5',
  ],
  [
    'try:\n    a = 1\nexcept ValueError as e:\n    raise TypeError from e\nelse:\n    b = 2\nfinally:\n    c = 3\nwith open("a") as f: d = f\nasync def g():\n    async for i in x():\n        yield i\n',
    4.0,
    'error',
    'error F821 11:20, refactor E701 9:20',
  ],
  [
    'class A:\n    x: int = 1\n    x += 2\n    def m(self): return self.x == True\n    @property\n    def n(self):\n        global q\n        q = 1\n        del q\n        assert q, "no"\n        return self\n',
    2.7272727272727266,
    'error',
    'error F821 10:16, warning PLW0603 7:16, warning PLW0603 7:16, refactor E712 4:25',
  ],
  [
    'from a import b; c = b\nwhile c:\n    continue\nfor d in c: break\nelse:\n    pass\n',
    7.142857142857143,
    'refactor',
    'refactor E702 1:16, refactor E701 4:11',
  ],
];

describe('Python', () => {
  it.each(PYTHON)('is scored as Data Designer scores it: %j', async (code, score, severity, messages) => {
    const verdict = await check('python', code);
    const said = verdict.python_linter_messages.map(
      ({ type, symbol, line, column }) => `${type} ${symbol} ${line}:${column}`,
    );
    expect({ ...verdict, python_linter_messages: said.join(', ') }).toEqual({
      is_valid: severity !== 'fatal' && severity !== 'error',
      python_linter_score: score,
      python_linter_severity: severity,
      python_linter_messages: messages,
    });
  });

  it('has messages with all their fields', async () => {
    const { python_linter_messages: messages } = await check('python', `x = "${'a'.repeat(90)}"`);
    expect(messages).toEqual([
      { type: 'refactor', symbol: 'E501', line: 1n, column: 89n, message: 'Line too long (96 > 88)' },
    ]);
  });

  it('is invalid where a cell holds none', async () => {
    for (const text of [null, 12n, ['x = 1']])
      expect(await check('python', text)).toMatchObject({ is_valid: false, python_linter_severity: 'fatal' });
  });
});

/** Each of the dialects has these, and the wrong ones too. */
const SQL = [
  'SELECT a, COUNT(*) AS n FROM t WHERE b IN (SELECT c FROM u) GROUP BY a HAVING COUNT(*) > 3 ORDER BY a',
  'WITH x AS (SELECT a FROM t) SELECT x.a, u.b FROM x LEFT JOIN u ON x.a = u.a',
  'CREATE TABLE t (id INT, price DECIMAL(10,2), name VARCHAR(20))',
  "INSERT INTO t (a, b) VALUES (1, 'x'); UPDATE t SET a = 1 WHERE b = 'x'; DELETE FROM t WHERE a = 1",
  'SELECT SUM(a) OVER (PARTITION BY b ORDER BY c) FROM t -- sums',
  '',
];
const WRONG_SQL = [
  'SELEC a FROM t',
  'SELECT a FROM WHERE b',
  'SELECT (a FROM t',
  'UPDATE SET a = 1',
  'SELECT a FROM t GROUP',
  "SELECT 'abc FROM t",
  'CREATE TABLE (a INT)',
  'This query shows the sums',
];
const DIALECT_SQL = {
  'sql:sqlite': ['INSERT OR REPLACE INTO t VALUES (1, 2)', 'SELECT TOP 5 a FROM t'],
  'sql:tsql': ['SELECT TOP (5) [a] FROM [dbo].[t]', 'SELECT a FROM t LIMIT 5'],
  'sql:bigquery': ['SELECT * EXCEPT (a) FROM `p.d.t`', 'SELECT a FROM `t'],
  'sql:mysql': ['SELECT `a` FROM t LIMIT 5, 10', 'SELECT TOP 5 a FROM t'],
  'sql:postgres': ["SELECT DISTINCT ON (a) a::int, d->>'x' FROM t", 'SELECT TOP 5 a FROM t'],
  'sql:ansi': ['SELECT a FROM t FETCH FIRST 5 ROWS ONLY', 'SELECT TOP 5 a FROM t'],
} as const;
const DIALECTS = Object.entries(DIALECT_SQL) as [keyof typeof DIALECT_SQL, readonly string[]][];

describe('SQL', () => {
  it.each(DIALECTS)('is parsed as %s', async (lang, [own, wrong]) => {
    const texts = [...SQL, own!, ...WRONG_SQL, wrong!];
    const verdicts = (await run({ lang, texts })) as unknown as readonly Verdict[];
    const valid = texts.filter((_, index) => verdicts[index]!.is_valid);
    expect(valid).toEqual([...SQL, own]);
    for (const { is_valid, error_messages } of verdicts)
      expect(error_messages).toMatch(is_valid ? /^$/ : /^PRS: ./);
  });

  it('says where it is wrong', async () => {
    const code = "SELECT 'é日';\nSELECT a FROM WHERE b";
    expect((await check('sql:postgres', code)).error_messages).toBe(
      'PRS: syntax error at or near "WHERE" at Line: 2, Column: 15',
    );
    expect((await check('sql:mysql', code)).error_messages).toBe(
      'PRS: Expected: the name of a table, found: WHERE at Line: 2, Column: 15',
    );
  });

  it('has no DECIMAL without a scale, and no null', async () => {
    for (const [lang] of DIALECTS) {
      expect(await check(lang, 'CREATE TABLE t (a DECIMAL(10))')).toEqual({
        is_valid: false,
        error_messages: 'Custom Check: Found DECIMAL definitions without a scale, which may be incorrect.',
      });
      expect(await check(lang, null)).toEqual({
        is_valid: false,
        error_messages: 'There is no code: the cell is null',
      });
    }
  });
});

describe('JavaScript and TypeScript', () => {
  it('are held against their syntax', async () => {
    const typed = 'const a: number = 1;';
    expect(await check('typescript', typed)).toEqual({ is_valid: true, error_messages: '' });
    expect(await check('javascript', typed)).toEqual({
      is_valid: false,
      error_messages: 'Expected ";" but found ":" at Line: 1, Column: 8',
    });
    expect(await check('javascript', 'let a = 1;\nlet a = 2;')).toMatchObject({ is_valid: false });
    expect(await check('javascript', 'await f();')).toMatchObject({ is_valid: true });
  });
});

it('has a verdict on an empty text of every language', async () => {
  for (const lang of CODE_LANGS) expect(await check(lang, '')).toMatchObject({ is_valid: true });
});
