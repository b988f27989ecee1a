import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TemplateRenderError, TemplateSyntaxError } from '../../../src/templates/syntax/template-error.ts';
import { parseTemplate, renderTemplate, type TemplateValues } from '../../../src/templates/template.ts';
import { parseJson } from '../../../src/values.ts';

interface Answer {
  readonly template: string;
  readonly text?: string;
  readonly error?: 'syntax' | 'render';
}

const record = JSON.parse(readFileSync(new URL('jinja-answers.json', import.meta.url), 'utf8')) as {
  readonly values: string;
  readonly answers: Readonly<Record<string, readonly Answer[]>>;
};
const values = parseJson(record.values) as TemplateValues;

/** What a template gives: its text, or "syntax" or "render" for where it fails. */
function answerTo(template: string): Omit<Answer, 'template'> {
  try {
    return { text: renderTemplate(parseTemplate(template), values, { draw: () => 0 }) };
  } catch (error) {
    if (error instanceof TemplateSyntaxError) return { error: 'syntax' };
    if (error instanceof TemplateRenderError) return { error: 'render' };
    throw error;
  }
}

it('has at least 200 answers of Jinja2', () => {
  expect(Object.values(record.answers).flat().length).toBeGreaterThanOrEqual(200);
});

describe.each(Object.entries(record.answers))('answers as Jinja2 does: %s', (_, answers) => {
  it.each(answers.map((answer) => [answer.template, answer] as const))('%s', (template, { text, error }) => {
    const answer = answerTo(template);
    if (text !== undefined) expect(answer).toEqual({ text });
    // What Jinja2 finds only when it renders may be found here when the template is parsed.
    else expect([error, 'syntax']).toContain(answer.error);
  });
});
