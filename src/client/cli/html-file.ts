import { basename, dirname, resolve } from 'node:path';
import { FolderFiles } from '../../store/files/folder.ts';
import { checkPlace } from '../look/export-target.ts';
import { formatBytes, line } from '../tell/format.ts';
import type { CliContext } from './context.ts';

/** Writes a page to a file that is named, and says so. */
export type WritePage = (page: string) => Promise<void>;

/** Throws `RefusedError` for a place that the page may not be written to. */
export async function openHtmlFile(
  output: string,
  { cwd, say }: Pick<CliContext, 'cwd' | 'say'>,
  { verb, isOverwriting }: { readonly verb: string; readonly isOverwriting: boolean },
): Promise<WritePage> {
  const path = resolve(cwd, output);
  await checkPlace(path, { verb, isOverwriting });
  return async (page) => {
    const bytes = Buffer.from(page);
    const folder = new FolderFiles(dirname(path));
    await folder.makeRoot();
    await folder.replace(basename(path), bytes);
    say(line(verb, `${output} · ${formatBytes(bytes.length)}`));
  };
}
