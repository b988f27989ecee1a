// The functions that templates may call by name: those that Data Designer's engine leaves of Jinja's.

import {
  Cycler,
  Dict,
  entriesOf,
  isMapping,
  itemsOf,
  Namespace,
  opened,
  type Runtime,
  Tuple,
} from '../runtime.ts';
import type { Arguments } from '../syntax/syntax.ts';
import { limitError, renderError } from '../syntax/template-error.ts';
import { capitalized } from '../values/python-text.ts';
import {
  applyOperation,
  bindingProblem,
  type Call,
  integerArgument,
  type Operation,
  operation,
  type Services,
} from './argument-binding.ts';

/** That of Jinja's sandbox. */
const MAX_RANGE = 100_000;

const FUNCTIONS: ReadonlyMap<string, Operation<null>> = new Map([
  [
    'cycler',
    operation<null>('*', (_, positional) => {
      if (positional.length === 0) throw renderError('Cannot make the cycler: no values to cycle through');
      return new Cycler(positional as readonly Runtime[], true);
    }),
  ],
  ['dict', operation<null>('*', (_, __, call) => new Dict(pairsOf(call), call.budget))],
  ['joiner', operation<null>('sep?', (_, [separator = ', ']) => new Cycler(['', separator], false))],
  [
    'lipsum',
    operation<null>('n? html? min? max?', (_, [n, html, min, max], services) => {
      const size = [integerArgument(min, 20), integerArgument(max, 100)] as const;
      const texts = Array.from({ length: Math.min(MAX_RANGE, integerArgument(n, 5)) }, () =>
        paragraph(size, services),
      );
      return (opened(html ?? true) ? texts.map((text) => `<p>${text}</p>`) : texts).join(
        opened(html ?? true) ? '\n' : '\n\n',
      );
    }),
  ],
  ['namespace', operation<null>('*', (_, __, call) => new Namespace(pairsOf(call), call.budget))],
  [
    'range',
    operation<null>('start stop? step?', (_, [first, second, third], { budget }) => {
      const start = second === undefined ? 0 : integerArgument(first, 0);
      const stop = integerArgument(second ?? first, 0);
      const step = integerArgument(third, 1);
      if (step === 0) throw renderError('Cannot make the range: its step is zero');
      const length = Math.max(0, Math.ceil((stop - start) / step));
      if (length > MAX_RANGE)
        throw limitError(`Cannot make the range: it has more than ${MAX_RANGE.toLocaleString('en')} numbers`);
      budget.spend(length);
      const items = Array.from({ length }, (_, index) => BigInt(start + index * step));
      return new Tuple(items, `range(${start}, ${stop}${step === 1 ? '' : `, ${step}`})`);
    }),
  ],
]);

export const FUNCTION_NAMES: readonly string[] = [...FUNCTIONS.keys()];

/** What is wrong with the arguments of a function, or `null`, also for what a template itself has named. */
export function functionProblem(name: string, given: Arguments): string | null {
  const known = FUNCTIONS.get(name);
  return known === undefined ? null : bindingProblem(known, { kind: 'function', name }, given);
}

/** Calls a function. The call has no {@link functionProblem}. */
export function callFunction(name: string, call: Call): Runtime {
  return applyOperation(FUNCTIONS.get(name)!, null, call);
}

/** The entries that `dict` and `namespace` are given. */
function pairsOf({ positional, named, budget }: Call): readonly (readonly [Runtime, Runtime])[] {
  const [from = new Dict([], budget)] = positional.map(opened);
  const pairs = isMapping(from)
    ? entriesOf(from, budget)
    : itemsOf(from, budget).map((pair) => itemsOf(pair, budget) as readonly [Runtime, Runtime]);
  if (positional.length > 1 || pairs.some(({ length }) => length !== 2))
    throw renderError('Cannot make the dict: it takes one dict or list of pairs, and names with values');
  return [...pairs, ...named] as readonly (readonly [Runtime, Runtime])[];
}

/** Those that Jinja takes its texts from. */
const WORDS =
  `a ac accumsan ad adipiscing aenean aliquam aliquet amet ante aptent arcu at auctor augue bibendum blandit class
commodo condimentum congue consectetuer consequat conubia convallis cras cubilia cum curabitur curae cursus dapibus
diam dictum dictumst dignissim dis dolor donec dui duis egestas eget eleifend elementum elit enim erat eros est et
etiam eu euismod facilisi facilisis fames faucibus felis fermentum feugiat fringilla fusce gravida habitant habitasse
hac hendrerit hymenaeos iaculis id imperdiet in inceptos integer interdum ipsum justo lacinia lacus laoreet lectus leo
libero ligula litora lobortis lorem luctus maecenas magna magnis malesuada massa mattis mauris metus mi molestie
mollis montes morbi mus nam nascetur natoque nec neque netus nibh nisi nisl non nonummy nostra nulla nullam nunc odio
orci ornare parturient pede pellentesque penatibus per pharetra phasellus placerat platea porta porttitor posuere
potenti praesent pretium primis proin pulvinar purus quam quis quisque rhoncus ridiculus risus rutrum sagittis sapien
scelerisque sed sem semper senectus sit sociis sociosqu sodales sollicitudin suscipit suspendisse taciti tellus tempor
tempus tincidunt torquent tortor tristique turpis ullamcorper ultrices ultricies urna ut varius vehicula vel velit
venenatis vestibulum vitae vivamus viverra volutpat vulputate`.split(/\s/);

/** A paragraph as Jinja makes them: commas after some words, full stops after more. */
function paragraph([min, max]: readonly [number, number], { budget, draw }: Services): string {
  const between = (low: number, high: number): number => low + Math.floor(draw() * (high - low));
  if (max <= min) throw renderError('Cannot make the text: max has to be more than min');
  const count = between(min, max);
  budget.spend(5 * count);
  const words: string[] = [];
  let [at, comma, stop, isStart] = [0, 0, 0, true];
  for (let index = 0; index < count; index++) {
    // Never the same word twice in a row.
    at = (at + between(1, WORDS.length)) % WORDS.length;
    let shown = isStart ? capitalized(WORDS[at]!) : WORDS[at]!;
    isStart = false;
    if (index - between(3, 8) > comma) {
      comma = index;
      stop += 2;
      shown += ',';
    }
    if (index - between(10, 20) > stop) {
      [comma, stop, isStart] = [index, index, true];
      shown += '.';
    }
    words.push(shown);
  }
  return `${words.join(' ').replace(/[,.]+$/, '')}.`;
}
