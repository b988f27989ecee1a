// How a document names a function of a module: `./gen.ts#title`.

import type { ModuleRef } from './declaration.ts';

/** Without a name behind `#` its default export. */
export function moduleOf(name: string): { readonly file: string; readonly export: string } {
  const at = name.lastIndexOf('#');
  return at < 0 ? { file: name, export: 'default' } : { file: name.slice(0, at), export: name.slice(at + 1) };
}

export const isCode = (file: string) => /\.[cm]?[jt]sx?$/.test(file);

/** The module that a field at `path` names; none where it names no module, which is for a check to say. */
export function moduleRefs(name: string, path: ModuleRef['path']): readonly ModuleRef[] {
  const module = moduleOf(name);
  return isCode(module.file) && module.export !== '' ? [{ ...module, path }] : [];
}
