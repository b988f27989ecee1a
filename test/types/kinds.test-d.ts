// What must compile, and what must not. Checked by tsc alone.

import { declare as expression } from '../../src/columns/expression/declare.ts';
import { kind } from '../../src/columns/kinds.ts';
import { declare as llmJudge } from '../../src/columns/llm-judge/declare.ts';
import { declare as llmText } from '../../src/columns/llm-text/declare.ts';

export const own = kind(llmText, () => import('../../src/columns/llm-text/make.ts'));
// @ts-expect-error the maker of another kind
export const other = kind(expression, () => import('../../src/columns/llm-text/make.ts'));
// @ts-expect-error the maker of a kind with another form
export const sibling = kind(llmText, () => import('../../src/columns/llm-judge/make.ts'));
// @ts-expect-error no maker
export const none = kind(llmJudge, () => import('../../src/columns/llm-judge/declare.ts'));
