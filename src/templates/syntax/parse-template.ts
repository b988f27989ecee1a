// Tokens → statements. Of Jinja's tags templates have `if`, `for`, `with`, `filter`, `raw` and `set` with a body; all that
// loads other templates, defines, or repeats without bound is refused by name.

import { meantBy } from '../../text/nearest-name.ts';
import {
  parseExpressionNode,
  parseFilterCall,
  parseOr,
  parsePrimary,
  parseTuple,
} from './parse-expression.ts';
import type { Expression, FilterCall, Statement, Target } from './syntax.ts';
import type { TokenStream } from './token-stream.ts';

const TAGS = ['if', 'for', 'with', 'filter', 'raw', 'set'];
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
  #isInLoop = false;

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
    }
    const owner = INNER_TAGS.get(tag);
    if (owner !== undefined)
      throw this.#stream.error(`Cannot use "${tag}" here: there is no "${owner}" to belong to`, at);
    const hint = meantBy(tag, TAGS, 'templates have if, for, with, filter, raw and set');
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
    if (this.#isInLoop)
      throw this.#stream.error('Cannot put a "for" inside a "for": loops may not be nested', at);
    this.#isInLoop = true;
    const target = this.#target(() => this.#stream.is('name', 'in'));
    this.#stream.expect('name', 'in');
    const iterable = this.#clause(() => this.#stream.is('name', 'recursive'));
    const test = this.#stream.skipIf('name', 'if') ? parseExpressionNode(this.#stream) : null;
    if (this.#stream.is('name', 'recursive')) {
      throw this.#stream.error('Cannot use "recursive": a loop may not call itself', this.#stream.current.at);
    }
    this.#close();
    const body = this.body({ tag: 'for', at, ends: ['else', 'endfor'] });
    const otherwise = body.end === 'else' ? this.#elseOf('for', at) : [];
    if (body.end === 'endfor') this.#stream.expect('close', '%}');
    this.#isInLoop = false;
    return {
      kind: 'for',
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
    const target = this.#stream.expectName('a name').value;
    if (this.#stream.is('operator', '=')) {
      const instead = `write {% with ${target} = … %}…{% endwith %} or {% set ${target} %}…{% endset %}`;
      throw this.#stream.error(`Cannot assign with "set ${target} = …": ${instead}`, at);
    }
    const filters = this.#moreFilters();
    this.#close();
    const { statements } = this.#rest('set', at, ['endset']);
    return { kind: 'filter-block', at: this.#stream.node(at), target, filters, body: statements };
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
