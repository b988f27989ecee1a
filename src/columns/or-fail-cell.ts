import { CellError } from '../errors.ts';
import { TemplateRenderError } from '../templates/syntax/template-error.ts';

/** Runs a template; what its values do not allow is the cell's failure. */
export function orFailCell<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof TemplateRenderError)) throw error;
    throw new CellError('TemplateRenderError', error.message);
  }
}
