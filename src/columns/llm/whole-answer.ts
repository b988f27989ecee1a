// Whether a model's answer is whole, from what its endpoint says about its end: only that tells half a text from a text.

import type { ModelAnswer } from '../../models/model-client.ts';
import { unusable } from './answer-kind.ts';

/** Throws `CellError` `UnusableAnswer` for an answer that is not whole. */
export function checkWhole({ refusal, finish, finishReason, completionTokens }: ModelAnswer): void {
  if (refusal !== null) throw unusable(`The model refused: ${refusal.trim()}`);
  switch (finish) {
    case 'length': {
      const after = completionTokens === 0 ? '' : `, after ${completionTokens} tokens`;
      throw unusable(`The answer was cut at the token limit${after}: raise max_tokens`);
    }
    case 'content-filter':
      throw unusable('The answer was withheld by the content filter');
    case 'error':
      throw unusable('The answer ended with an error of the provider');
    case 'tool-calls':
      throw unusable('The model asked for a tool instead of answering');
    case 'other':
      if (finishReason === null) return;
      throw unusable(`The answer ended for a reason that Rowloom does not know: "${finishReason}"`);
  }
}
