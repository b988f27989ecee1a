import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** Which folders of `src` a folder imports code from; types come from anywhere, and files beside the folders are for all. */
const MAY_IMPORT: { readonly [folder: string]: readonly string[] } = {
  text: [],
  templates: ['text'],
  graph: [],
  config: ['templates', 'graph', 'text'],
  models: ['text'],
  store: ['graph', 'server', 'text'],
  seeds: ['store', 'text'],
  columns: ['models', 'store', 'templates', 'text'],
  rows: ['columns', 'models', 'seeds', 'store'],
  workflows: ['graph'],
  activities: ['columns', 'config', 'rows', 'graph', 'models', 'store', 'text'],
  server: [],
  client: ['config', 'columns', 'rows', 'seeds', 'graph', 'server', 'store', 'text'],
};

/** What runs in Temporal's sandbox, and the files beside the folders that it brings along. */
const SANDBOXED = /^(?:graph|workflows)\/|^(?:protocol|totals|errors|own-keys)\.ts$/;

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

  it('of the store touch a disk through its port alone', () => {
    const outside = imports.filter(
      ({ from, to }) =>
        from.startsWith('store/') && !from.startsWith('store/files/') && to.startsWith('node:fs'),
    );
    expect(outside).toEqual([]);
  });

  it('look up text as a key of an object in own-keys.ts alone: columns may be called "constructor"', () => {
    const { fileNames, options } = ts.getParsedCommandLineOfConfigFile('tsconfig.json', {}, ts.sys as never)!;
    const program = ts.createProgram(
      fileNames.filter((file) => file.startsWith(join(process.cwd(), 'src'))),
      options,
    );
    const found = program
      .getSourceFiles()
      .filter(
        ({ fileName }) => files.includes(relative('src', fileName)) && !fileName.endsWith('own-keys.ts'),
      )
      .flatMap((source) => textKeysIn(source, program.getTypeChecker()));
    expect(found).toEqual([]);
  }, 120_000);
});

/** `object[text]` and `text in object`, where any text may come. */
function textKeysIn(source: ts.SourceFile, checker: ts.TypeChecker): string[] {
  const found: string[] = [];
  const isAnyText = (node: ts.Node) => {
    const type = checker.getTypeAtLocation(node);
    const anyText = ts.TypeFlags.Any | ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral;
    return (type.isUnion() ? type.types : [type]).some(({ flags }) => (flags & anyText) !== 0);
  };
  function visit(node: ts.Node): void {
    const isIn = ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InKeyword;
    const key = ts.isElementAccessExpression(node) ? node.argumentExpression : isIn ? node.left : undefined;
    if (key !== undefined && isAnyText(key)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${relative('', source.fileName)}:${line + 1} ${node.getText()}`);
    }
    ts.forEachChild(node, visit);
  }
  visit(source);
  return found;
}
