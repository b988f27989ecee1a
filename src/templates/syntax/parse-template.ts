// Tokens → statements: all of Jinja's tags but those that load other templates. What Data Designer's secure engine does not
// take of them is noted.

import { meantBy } from '../../text/nearest-name.ts';
import {
  parseExpressionNode,
  parseFilterCall,
  parseOr,
  parsePrimary,
  parseTuple,
} from './parse-expression.ts';
import type { Expression, FieldTarget, FilterCall, MacroParts, Statement, Target } from './syntax.ts';
import type { TokenStream } from './token-stream.ts';

const TAGS = ['if', 'for', 'with', 'filter', 'raw', 'set', 'macro', 'call', 'block', 'autoescape'];
const LOADING = ['import', 'from', 'include', 'extends'];
/** Tags that stand only inside another. */
const INNER_TAGS: ReadonlyMap<string, string> = new Map([
  ['elif', 'if'],
  ['else', 'if" or "for'],
  ['endif', 'if'],
  ['endfor', 'for'],
  ['endwith', 'with'],
  ['endfilter', 'filter'],
  ['endraw', 'raw'],
  ['endset', 'set'],
  ['endmacro', 'macro'],
  ['endcall', 'call'],
  ['endblock', 'block'],
  ['endautoescape', 'autoescape'],
]);

/** Parses a whole template. */
export function parseStatements(stream: TokenStream): readonly Statement[] {
  const body = new StatementParser(stream).body(null);
  return body.statements;
}

interface Body {
  readonly statements: readonly Statement[];
  /** The tag that ended the body: one of those asked for. */
  readonly end: string;
}

class StatementParser {
  readonly #stream: TokenStream;
  #loops = 0;

  constructor(stream: TokenStream) {
    this.#stream = stream;
  }

  /** Parses up to a tag named in `ends`, and takes that tag's name; `null` parses to the end of the template. */
  body(
    opening: { readonly tag: string; readonly at: number; readonly ends: readonly string[] } | null,
  ): Body {
    const statements: Statement[] = [];
    for (;;) {
      const { type, value, at } = this.#stream.current;
      if (type === 'end') {
        if (opening === null) return { statements, end: '' };
        throw this.#stream.error(
          `Cannot find the end of "${opening.tag}": "{% end${opening.tag} %}" is missing`,
          opening.at,
        );
      }
      this.#stream.next();
      if (type === 'text') statements.push({ kind: 'text', at: this.#stream.node(at), text: value });
      else if (value === '{{') statements.push(this.#output());
      else {
        const tag = this.#stream.expectName('the name of a tag');
        if (opening?.ends.includes(tag.value)) return { statements, end: tag.value };
        statements.push(this.#stream.nested(() => this.#statement(tag.value, tag.at)));
      }
    }
  }

  #output(): Statement {
    const { at } = this.#stream.current;
    const expression = parseTuple(this.#stream, { isEnd: () => this.#stream.is('close', '}}') });
    this.#stream.expect('close', '}}');
    return { kind: 'output', at, expression };
  }

  #statement(tag: string, at: number): Statement {
    switch (tag) {
      case 'if':
        return this.#if(at);
      case 'for':
        return this.#for(at);
      case 'with':
        return this.#with(at);
      case 'filter':
        return this.#filter(at);
      case 'set':
        return this.#set(at);
      case 'macro':
        return this.#macro(at);
      case 'call':
        return this.#call(at);
      case 'block':
        return this.#block(at);
      case 'autoescape':
        return this.#autoescape(at);
    }
    if (LOADING.includes(tag))
      throw this.#stream.error(`Cannot use the tag "${tag}": there are no other templates to load`, at);
    const owner = INNER_TAGS.get(tag);
    if (owner !== undefined)
      throw this.#stream.error(`Cannot use "${tag}" here: there is no "${owner}" to belong to`, at);
    const hint = meantBy(tag, TAGS, `templates have ${TAGS.slice(0, -1).join(', ')} and ${TAGS.at(-1)}`);
    throw this.#stream.error(`Cannot use the tag "${tag}": ${hint}`, at);
  }

  #if(at: number): Statement {
    const branches: { test: Expression; body: readonly Statement[] }[] = [];
    this.#stream.node(at);
    let end = 'if';
    while (end !== 'endif') {
      if (end === 'else') {
        this.#close();
        const { statements } = this.#rest('if', at, ['endif']);
        return { kind: 'if', at, branches, otherwise: statements };
      }
      const test = this.#clause();
      this.#close();
      const body = this.body({ tag: 'if', at, ends: ['elif', 'else', 'endif'] });
      branches.push({ test, body: body.statements });
      end = body.end;
    }
    this.#stream.expect('close', '%}');
    return { kind: 'if', at, branches, otherwise: [] };
  }

  #for(at: number): Statement {
    if (this.#loops > 0) this.#stream.refuse('a "for" inside a "for"', at);
    this.#loops += 1;
    this.#stream.assigned.add('loop');
    const target = this.#target(() => this.#stream.is('name', 'in'));
    this.#stream.expect('name', 'in');
    const iterable = this.#clause(() => this.#stream.is('name', 'recursive'));
    const test = this.#stream.skipIf('name', 'if') ? parseExpressionNode(this.#stream) : null;
    const { at: word } = this.#stream.current;
    const isRecursive = this.#stream.skipIf('name', 'recursive');
    if (isRecursive) this.#stream.refuse('"recursive"', word);
    this.#close();
    const body = this.body({ tag: 'for', at, ends: ['else', 'endfor'] });
    const otherwise = body.end === 'else' ? this.#elseOf('for', at) : [];
    if (body.end === 'endfor') this.#stream.expect('close', '%}');
    this.#loops -= 1;
    return {
      kind: 'for',
      isRecursive,
      at: this.#stream.node(at),
      target,
      iterable,
      test,
      body: body.statements,
      otherwise,
    };
  }

  #elseOf(tag: string, at: number): readonly Statement[] {
    this.#close();
    return this.#rest(tag, at, [`end${tag}`]).statements;
  }

  #with(at: number): Statement {
    const bindings: { target: Target; value: Expression }[] = [];
    while (this.#stream.current.type === 'name') {
      const target = this.#target(() => this.#stream.is('operator', '='));
      this.#stream.expect('operator', '=');
      bindings.push({ target, value: parseExpressionNode(this.#stream) });
      if (!this.#stream.skipIf('operator', ',')) break;
    }
    this.#close();
    const { statements } = this.#rest('with', at, ['endwith']);
    return { kind: 'with', at: this.#stream.node(at), bindings, body: statements };
  }

  #filter(at: number): Statement {
    const filters = [parseFilterCall(this.#stream), ...this.#moreFilters()];
    this.#close();
    const { statements } = this.#rest('filter', at, ['endfilter']);
    return { kind: 'filter-block', at: this.#stream.node(at), target: null, filters, body: statements };
  }

  #moreFilters(): readonly FilterCall[] {
    const filters: FilterCall[] = [];
    while (this.#stream.skipIf('operator', '|')) filters.push(parseFilterCall(this.#stream));
    return filters;
  }

  #set(at: number): Statement {
    const target = this.#setTarget();
    if (this.#stream.skipIf('operator', '=')) {
      this.#stream.refuse('"set" with "="', at);
      const value = parseTuple(this.#stream, { isEnd: () => this.#stream.is('close', '%}') });
      this.#stream.expect('close', '%}');
      return { kind: 'set', at: this.#stream.node(at), target, value };
    }
    if (typeof target !== 'string') throw this.#stream.unexpected('expected "="');
    const filters = this.#moreFilters();
    this.#close();
    const { statements } = this.#rest('set', at, ['endset']);
    return { kind: 'filter-block', at: this.#stream.node(at), target, filters, body: statements };
  }

  #setTarget(): Target | FieldTarget {
    if (this.#stream.current.type !== 'name' || this.#stream.following.value !== '.')
      return this.#target(() => this.#stream.is('operator', '='));
    const namespace = this.#stream.next().value;
    this.#stream.next();
    return { namespace, field: this.#stream.expectName('the name of a field').value };
  }

  #macro(at: number): Statement {
    this.#stream.refuse('"macro"', at);
    const name = this.#stream.expectName('the name of the macro').value;
    this.#stream.assigned.add(name).add('caller');
    return { kind: 'macro', at, name, ...this.#macroParts('macro', at) };
  }

  #call(at: number): Statement {
    const parameters = this.#stream.is('operator', '(') ? this.#parameters() : [];
    const before = this.#stream.names.length;
    const macro = parsePrimary(this.#stream);
    if (macro.kind !== 'function') throw this.#stream.error('Cannot call this: expected a macro', macro.at);
    this.#close();
    const { statements } = this.#rest('call', at, ['endcall']);
    return {
      kind: 'call',
      at: this.#stream.node(at),
      macro,
      parameters,
      takes: this.#stream.names.slice(before),
      body: statements,
    };
  }

  #macroParts(tag: string, at: number): MacroParts {
    const parameters = this.#parameters();
    this.#close();
    const before = this.#stream.names.length;
    const body = this.body({ tag, at: this.#stream.node(at), ends: [`end${tag}`] });
    this.#endName();
    return { parameters, takes: this.#stream.names.slice(before), body: body.statements };
  }

  #parameters(): MacroParts['parameters'] {
    this.#stream.expect('operator', '(');
    const parameters: { name: string; fallback: Expression | null }[] = [];
    while (!this.#stream.skipIf('operator', ')')) {
      if (parameters.length > 0) this.#stream.expect('operator', ',');
      const name = this.#stream.expectName('the name of a parameter').value;
      const fallback = this.#stream.skipIf('operator', '=') ? parseExpressionNode(this.#stream) : null;
      parameters.push({ name, fallback });
    }
    return parameters;
  }

  /** A block stands in for itself: nothing extends the template. */
  #block(at: number): Statement {
    this.#stream.refuse('"block"', at);
    this.#stream.expectName('the name of the block');
    this.#stream.skipIf('name', 'scoped');
    this.#stream.skipIf('name', 'required');
    this.#close();
    const body = this.body({ tag: 'block', at, ends: ['endblock'] });
    this.#endName();
    return { kind: 'with', at: this.#stream.node(at), bindings: [], body: body.statements };
  }

  /** The end of a closing tag, which may repeat a name. */
  #endName(): void {
    if (this.#stream.current.type === 'name') this.#stream.next();
    this.#stream.expect('close', '%}');
  }

  #autoescape(at: number): Statement {
    const value = parseExpressionNode(this.#stream);
    this.#close();
    const { statements } = this.#rest('autoescape', at, ['endautoescape']);
    return { kind: 'autoescape', at: this.#stream.node(at), value, body: statements };
  }

  /** The last body of a tag, with the end of its closing tag. */
  #rest(tag: string, at: number, ends: readonly string[]): Body {
    const body = this.body({ tag, at, ends });
    this.#stream.expect('close', '%}');
    return body;
  }

  /** The end of a tag that a body follows; Jinja lets a colon stand before it. */
  #close(): void {
    this.#stream.skipIf('operator', ':');
    this.#stream.expect('close', '%}');
  }

  /** An expression in a tag: a tuple needs no parentheses, an inline `if` does. */
  #clause(isEnd: () => boolean = () => false): Expression {
    return parseTuple(this.#stream, {
      parse: parseOr,
      isEnd: () => this.#stream.is('close', '%}') || isEnd(),
    });
  }

  #target(isEnd: () => boolean): Target {
    const { at } = this.#stream.current;
    return this.#targetOf(parseTuple(this.#stream, { parse: parsePrimary, isEnd }), at);
  }

  #targetOf(expression: Expression, at: number): Target {
    if (expression.kind === 'tuple' || expression.kind === 'list') {
      return expression.items.map((item) => this.#targetOf(item, item.at));
    }
    if (expression.kind === 'name' && expression.name !== 'loop') {
      this.#stream.assigned.add(expression.name);
      return expression.name;
    }
    throw this.#stream.error('Cannot assign to this: expected a name, or names with commas', at);
  }
}
