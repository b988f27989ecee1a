import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** Which folders of `src` a folder imports code from; types come from anywhere, and files beside the folders are for all. */
const MAY_IMPORT: { readonly [folder: string]: readonly string[] } = {
  templates: [],
  graph: [],
  config: ['templates', 'graph'],
  models: [],
  store: ['graph'],
  generators: ['models', 'store', 'templates'],
  workflows: ['graph'],
  activities: ['config', 'generators', 'graph', 'models', 'store'],
  server: [],
  client: ['config', 'generators', 'graph', 'server', 'store'],
};

/** What runs in Temporal's sandbox, and the files beside the folders that it brings along. */
const SANDBOXED = /^(?:graph|workflows)\/|^(?:protocol|totals|errors)\.ts$/;

interface Import {
  readonly from: string;
  /** A path below `src`, or a package. */
  readonly to: string;
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const imports = files.flatMap((from): Import[] => importsOf(from));

/** What is left of a file's imports once it is compiled. */
function importsOf(from: string): Import[] {
  const { outputText } = ts.transpileModule(readFileSync(join('src', from), 'utf8'), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  return ts.preProcessFile(outputText).importedFiles.map(({ fileName }) => ({
    from,
    to: fileName.startsWith('.') ? join(from, '..', fileName) : fileName,
  }));
}

const folderOf = (file: string) => file.split('/')[0]!;

describe('the sources', () => {
  it('import in the directions that they are drawn in', () => {
    const wrong = imports.filter(({ from, to }) => {
      const [source, target] = [folderOf(from), folderOf(to)];
      const allowed = MAY_IMPORT[source];
      return (
        allowed && files.includes(to) && to.includes('/') && source !== target && !allowed.includes(target)
      );
    });
    expect(wrong).toEqual([]);
    expect(new Set(files.filter((file) => file.includes('/')).map(folderOf))).toEqual(
      new Set(Object.keys(MAY_IMPORT)),
    );
  });

  it('have no circle of imports', () => {
    const circles: string[] = [];
    const done = new Set<string>();
    function visit(file: string, path: readonly string[]): void {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (path.includes(file) || done.has(file)) return;
      for (const { to } of imports.filter(({ from }) => from === file)) visit(to, [...path, file]);
      done.add(file);
    }
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });

  it('that run in the sandbox import nothing but Temporal and themselves', () => {
    const outside = imports
      .filter(({ from, to }) => SANDBOXED.test(from) && !SANDBOXED.test(to))
      .filter(({ to }) => to !== '@temporalio/workflow');
    expect(outside).toEqual([]);
  });
});
