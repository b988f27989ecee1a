import type { Bundle } from '../../modules/bundle.ts';
import { type Functions, openFunctions } from '../../modules/functions.ts';

/** Functions of the bundles of a document: for plans that no dataset has yet. */
export function functionsOf(bundles: readonly Bundle[]): Functions {
  return openFunctions({
    async moduleOf(hash) {
      const bundle = bundles.find((each) => each.hash === hash);
      if (bundle === undefined) throw new RangeError(`Cannot run module ${hash}: the document names none`);
      return bundle;
    },
  });
}
