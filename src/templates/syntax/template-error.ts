// What is wrong with a template's text, and what went wrong when it met the values of one row.

import { RowloomError } from '../../errors.ts';

/** A place in a template's text: `offset` from 0, `line` and `column` from 1, counted in UTF-16 units. */
export interface TemplatePlace {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Finds line and column of an offset. `\n`, `\r\n` and `\r` each end a line. */
export function placeOf(source: string, offset: number): TemplatePlace {
  let line = 1;
  let start = 0;
  for (let index = 0; index < offset; index++) {
    const unit = source.charCodeAt(index);
    const isPair = unit === RETURN && index + 1 < offset && source.charCodeAt(index + 1) === NEWLINE;
    if (isPair || (unit !== RETURN && unit !== NEWLINE)) continue;
    line++;
    start = index + 1;
  }
  return { offset, line, column: offset - start + 1 };
}

/** A template that cannot be used, whatever the row: bad syntax, or something that templates may not do. */
export class TemplateSyntaxError extends RowloomError {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
  constructor(message: string, place: TemplatePlace) {
    super(message);
    this.offset = place.offset;
    this.line = place.line;
    this.column = place.column;
  }
}

/**
 * A row whose values a template cannot be rendered with. `limit`: the work or the text would be too large; `arithmetic`:
 * a division by zero, a number too large; `render`: anything else. `place` is that of the operation, `null` only while the error is on its way out.
 */
export class TemplateRenderError extends RowloomError {
  readonly kind: 'render' | 'limit' | 'arithmetic';
  readonly place: TemplatePlace | null;
  constructor(kind: TemplateRenderError['kind'], message: string, place: TemplatePlace | null = null) {
    super(message);
    this.kind = kind;
    this.place = place;
  }
}

export function renderError(message: string): TemplateRenderError {
  return new TemplateRenderError('render', message);
}

export function limitError(message: string): TemplateRenderError {
  return new TemplateRenderError('limit', message);
}

export function arithmeticError(message: string): TemplateRenderError {
  return new TemplateRenderError('arithmetic', message);
}
