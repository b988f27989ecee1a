// The thoughts that some models write before their answer, in the same text.
//
//   T1. They begin the text and end with their own tag; there may be several. A tag further on belongs to the answer.
//   T2. Where a prompt template wrote the opening tag, only the closing one is there. A text that speaks of such a tag
//       has it in quotes or in the middle of a line, or has the opening one before it.
//   T3. Thoughts without an end are all that there is: the answer was never begun.
//   T4. The answer has no thoughts to split off: splitting it again changes nothing.

interface Form {
  readonly opening: RegExp;
  /** An opening tag that begins the text. */
  readonly first: RegExp;
  readonly closing: RegExp;
  /** A closing tag that stands alone. */
  readonly alone: RegExp;
}

const NAMES = ['think', 'thinking', 'thought', 'thoughts', 'reasoning', 'seed:think'];
const FORMS = [
  ...NAMES.map((name) => formOf(`<${name}(?:\\s[^<>]*)?>`, `</${name}\\s*>`)),
  // Mistral, Kimi, OpenThoughts, Cohere.
  formOf('\\[THINK\\]', '\\[/THINK\\]'),
  formOf('◁think▷', '◁/think▷'),
  formOf('<\\|begin_of_thought\\|>', '<\\|end_of_thought\\|>'),
  formOf('<\\|START_THINKING\\|>', '<\\|END_THINKING\\|>'),
];

function formOf(opening: string, closing: string): Form {
  return {
    opening: new RegExp(opening, 'i'),
    first: new RegExp(`^${opening}`, 'i'),
    closing: new RegExp(closing, 'i'),
    alone: new RegExp(`^[ \\t]*${closing}|(?<![\\s\`'"“‘(\\[])${closing}|${closing}(?=[ \\t]*$)`, 'gim'),
  };
}

/** `asked` is a text whose tags are wanted in the answer, which keeps them. */
export function splitThoughts(
  raw: string,
  asked = '',
): { readonly thoughts: string | null; readonly answer: string } {
  const forms = FORMS.filter(
    ({ opening, closing }) => (opening.test(raw) || closing.test(raw)) && !opening.test(asked),
  );
  const thoughts: string[] = [];
  let answer = raw.trim();
  for (;;) {
    const split = splitFirst(answer, forms) ?? splitAlone(answer, forms);
    if (split === null) return { thoughts: thoughts.filter(Boolean).join('\n\n') || null, answer };
    thoughts.push(split.thought.trim());
    answer = split.rest.trim();
  }
}

interface Split {
  readonly thought: string;
  readonly rest: string;
}

function splitFirst(text: string, forms: readonly Form[]): Split | null {
  for (const { first, closing } of forms) {
    const opened = first.exec(text)?.[0];
    if (opened === undefined) continue;
    const thought = text.slice(opened.length);
    const closed = closing.exec(thought);
    if (closed === null) return { thought, rest: '' };
    return { thought: thought.slice(0, closed.index), rest: thought.slice(closed.index + closed[0].length) };
  }
  return null;
}

function splitAlone(text: string, forms: readonly Form[]): Split | null {
  for (const { opening, alone } of forms) {
    const spoken = text.search(opening);
    const closed = [...text.slice(0, spoken < 0 ? undefined : spoken).matchAll(alone)].at(-1);
    if (closed !== undefined) {
      return { thought: text.slice(0, closed.index), rest: text.slice(closed.index + closed[0].length) };
    }
  }
  return null;
}
