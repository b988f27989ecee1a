// The thoughts that some models write before their answer, in the same text.
//
//   T1. They begin the text and end with their own tag; there may be several. A tag further on belongs to the answer.
//   T2. Where a prompt template wrote the opening tag, only the closing one is there. A text that speaks of such a tag
//       has it in quotes, in code, in JSON or in the middle of a line, or has the opening one before it.
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

const FENCE = '```';
/** At the beginning of its line, directly behind a word, and at the end of a line that ends a sentence or a paragraph. */
const ALONE = [
  FENCE,
  '^ {0,3}TAG',
  '(?<!(?:^|\\s)[*_]+|[\\s`\'"“‘(\\[])TAG',
  '(?<=[.!?…。！？)] )TAG(?=[ \\t]*$)',
  '(?<=[\\p{L}\\p{N}] )TAG(?=[ \\t]*(?:\\n[ \\t]*\\n|(?![\\s\\S])))',
];

const NAMES = ['think', 'thinking', 'thought', 'thoughts', 'reasoning', 'seed:think'];
const FORMS = [
  ...NAMES.map((name) => formOf(`<${name}(?:\\s[^<>]*)?>`, `</${name}\\s*>`)),
  // Mistral, Kimi, OpenThoughts, Cohere.
  formOf('\\[THINK\\]', '\\[/THINK\\]'),
  formOf('◁think▷', '◁/think▷'),
  formOf('<\\|begin_of_thought\\|>', '<\\|end_of_thought\\|>'),
  formOf('<\\|START_THINKING\\|>', '<\\|END_THINKING\\|>'),
  // The models whose channels nobody took apart.
  formOf(
    '(?:<\\|start\\|>assistant)?<\\|channel\\|>analysis<\\|message\\|>',
    '<\\|channel\\|>final<\\|message\\|>',
  ),
];

function formOf(opening: string, closing: string): Form {
  return {
    opening: new RegExp(opening, 'i'),
    first: new RegExp(`^${opening}`, 'i'),
    closing: new RegExp(closing, 'i'),
    alone: new RegExp(ALONE.map((place) => place.replace('TAG', () => closing)).join('|'), 'gimu'),
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
  if (forms.length === 0 || isJson(text)) return null;
  for (const { opening, alone } of forms) {
    const spoken = text.search(opening);
    const marks = [...text.slice(0, spoken < 0 ? undefined : spoken).matchAll(alone)];
    let fences = 0;
    const found = marks.map((mark) => {
      if (mark[0] === FENCE) fences += 1;
      return { mark, fences };
    });
    // Of an odd number before and after it one opened a block of code around it and the other closes that.
    const isCode = (before: number) => before % 2 === 1 && (fences - before) % 2 === 1;
    const closed = found.findLast(({ mark, fences: before }) => mark[0] !== FENCE && !isCode(before))?.mark;
    if (closed !== undefined) {
      return { thought: text.slice(0, closed.index), rest: text.slice(closed.index + closed[0].length) };
    }
  }
  return null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
