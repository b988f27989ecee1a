// `llm-judge`: for each score the option that the model chose, and why: `{name: {score, reasoning}}`. The score is the
// option's key, as text.

import { findOwn } from '../../own-keys.ts';
import { formatJson, isValueObject, parseJson, type Value, type ValueObject } from '../../values.ts';
import { type AnswerKind, unusable } from '../llm/answer-kind.ts';
import { chatMaker } from '../llm/chat-maker.ts';
import { parseAnswer } from '../llm/parse-answer.ts';
import type { JudgeColumn, JudgeForm, JudgeScore } from './declare.ts';

export const judgeAnswer: AnswerKind<JudgeColumn> = {
  contract: ({ form }) => form.scores,
  schema: ({ form }) => schemaOf(scoresOf(form)),
  instructions: ({ form }) =>
    [
      'Score what is shown above:',
      ...scoresOf(form).flatMap(({ name, description, options }) => [
        `- ${name}: ${description}`,
        ...Object.entries(options).map(([option, meaning]) => `  - "${option}": ${meaning}`),
      ]),
      'For each, give the reasoning first and then the score, which is one of its options exactly as quoted.',
      `Answer with JSON that obeys this JSON Schema, and with nothing else:\n${formatJson(schemaOf(scoresOf(form)))}`,
    ].join('\n'),
  keepsTags: false,
  read: ({ form }, answer) =>
    parseAnswer(answer, (value) => {
      if (!isValueObject(value)) throw unusable('The answer is not a JSON object');
      return Object.fromEntries(scoresOf(form).map((score) => [score.name, readScore(score, value)]));
    }),
};

export const make = chatMaker(judgeAnswer);

const scores = new WeakMap<JudgeForm, readonly JudgeScore[]>();

/** Parsed once for a column. */
function scoresOf(form: JudgeForm): readonly JudgeScore[] {
  const known = scores.get(form) ?? (parseJson(form.scores) as unknown as readonly JudgeScore[]);
  scores.set(form, known);
  return known;
}

function schemaOf(scores: readonly JudgeScore[]): Value {
  const properties = scores.map(({ name, options }): [string, Value] => [
    name,
    closedObject({ reasoning: { type: 'string' }, score: { type: 'string', enum: Object.keys(options) } }),
  ]);
  return closedObject(Object.fromEntries(properties));
}

function closedObject(properties: ValueObject): ValueObject {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

function readScore({ name, options }: JudgeScore, answer: ValueObject): Value {
  const judged = fieldOf(answer, name);
  if (!isValueObject(judged))
    throw unusable(`"${name}" is missing: it must be an object with reasoning and score`);
  const given = fieldOf(judged, 'score');
  const keys = Object.keys(options);
  const score = keys.find((option) => option === given) ?? keys.find((option) => isOption(option, given));
  if (score === undefined) {
    const choices = keys.map((option) => `"${option}"`);
    const said = given === undefined ? 'is missing' : `is ${formatJson(given)}`;
    throw unusable(`The score of "${name}" ${said}: it must be one of ${choices.join(', ')}`);
  }
  const reasoning = fieldOf(judged, 'reasoning');
  if (typeof reasoning !== 'string') throw unusable(`The reasoning of "${name}" is missing: it must be text`);
  return { reasoning, score };
}

/** A field by its name, whatever the case in which the model wrote it. */
function fieldOf(object: ValueObject, name: string): Value | undefined {
  const keys = Object.keys(object);
  const found = keys.includes(name) ? name : keys.find((key) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : findOwn(object, found);
}

function isOption(option: string, given: Value | undefined): boolean {
  if (given === undefined || given === null || typeof given === 'object') return false;
  return String(given).trim().toLowerCase() === option.trim().toLowerCase();
}
