// Code in the colours of a terminal.

import { styleText } from 'node:util';
import { common, createLowlight } from 'lowlight';

type Style = Parameters<typeof styleText>[0];
type Node = ReturnType<ReturnType<typeof createLowlight>['highlight']>['children'][number];

/** By the first class that highlight.js gives a part; the others are left as they are. */
const STYLES: ReadonlyMap<string, Style> = new Map<string, Style>([
  ['hljs-keyword', 'magenta'],
  ['hljs-built_in', 'cyan'],
  ['hljs-type', 'cyan'],
  ['hljs-literal', 'yellow'],
  ['hljs-number', 'yellow'],
  ['hljs-string', 'green'],
  ['hljs-regexp', 'green'],
  ['hljs-comment', 'gray'],
  ['hljs-meta', 'gray'],
  ['hljs-title', 'blue'],
]);

const lowlight = createLowlight(common);

/** Painted line by line, so that each stands for itself. Code in a language that is not known stays as it is. */
export function highlight(code: string, language: string): string {
  // SQL is `sql` in all its dialects.
  const [name = ''] = language.split(':');
  if (!lowlight.registered(name)) return code;
  return lowlight
    .highlight(name, code)
    .children.map((node) => painted(node, null))
    .join('');
}

function painted(node: Node, style: Style | null): string {
  if (node.type === 'element') {
    const [first] = (node.properties.className as readonly string[] | undefined) ?? [];
    const own = STYLES.get(first ?? '') ?? style;
    return node.children.map((child) => painted(child, own)).join('');
  }
  if (node.type !== 'text') return '';
  if (style === null) return node.value;
  return node.value
    .split('\n')
    .map((line) => (line === '' ? '' : styleText(style, line, { validateStream: false })))
    .join('\n');
}
