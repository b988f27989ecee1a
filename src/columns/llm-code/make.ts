// `llm-code`: of an answer read as Markdown the last block of code, trimmed as a whole.

import { fromMarkdown } from 'mdast-util-from-markdown';
import { type AnswerKind, unusable } from '../llm/answer-kind.ts';
import { chatMaker } from '../llm/chat-maker.ts';
import type { CodeColumn, CodeForm } from './declare.ts';

export const codeAnswer: AnswerKind<CodeColumn> = {
  contract: ({ form }) => form.language,
  schema: () => null,
  instructions: ({ form }) =>
    `Answer with code in ${baseOf(form)}, in one fenced block labelled \`${baseOf(form)}\`, and with nothing else.`,
  keepsTags: false,
  read({ form }, answer) {
    const block = blocksIn(fromMarkdown(answer)).at(-1);
    if (block === undefined) throw unusable('The answer has no block of code: put it between lines of ```');
    const { label, code } = block;
    if (label !== null && label !== baseOf(form))
      throw unusable(`The block of code is labelled "${label}", not "${baseOf(form)}"`);
    return code.trim();
  },
};

export const make = chatMaker(codeAnswer);

/** The label of its blocks: SQL is `sql` in all its dialects. */
function baseOf({ language }: CodeForm): string {
  return language.split(':')[0]!;
}

type Root = ReturnType<typeof fromMarkdown>;

/** Fenced or indented, wherever they stand, in their order. */
function blocksIn(
  node: Root | Root['children'][number],
): readonly { readonly label: string | null; readonly code: string }[] {
  if (node.type === 'code') return [{ label: node.lang ?? null, code: node.value }];
  return 'children' in node ? node.children.flatMap(blocksIn) : [];
}
