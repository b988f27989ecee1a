import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/**
 * Which folders of `src` a folder imports code from; types come from anywhere, and files beside the folders are for all. The
 * folders of `client` are drawn too: each imports from itself and from those named, types as well.
 */
const MAY_IMPORT: { readonly [folder: string]: readonly string[] } = {
  text: [],
  templates: ['text'],
  graph: [],
  schemas: ['templates', 'text'],
  // Of the models only the kinds of providers.
  config: ['columns', 'personas', 'processors', 'schemas', 'templates', 'graph', 'models', 'text'],
  documents: ['config', 'text'],
  models: ['schemas', 'text'],
  tools: ['models', 'text'],
  // Of the server only `processes.ts`: whose lock, claim or draft it is that lies there.
  store: ['graph', 'server', 'text'],
  duckdb: [],
  seeds: ['duckdb', 'store', 'templates', 'text'],
  modules: ['models', 'store'],
  columns: ['models', 'modules', 'personas', 'schemas', 'store', 'templates', 'text', 'tools'],
  personas: ['duckdb'],
  processors: ['columns', 'modules', 'templates', 'text'],
  rows: ['columns', 'models', 'processors', 'seeds', 'store', 'templates'],
  workflows: ['graph'],
  activities: [
    'columns',
    'config',
    'processors',
    'rows',
    'graph',
    'models',
    'modules',
    'personas',
    'store',
    'text',
    'tools',
  ],
  // What `workflows` and `worker.ts` are under Temporal.
  preview: ['activities', 'graph', 'models', 'modules', 'processors', 'store'],
  report: ['duckdb', 'store', 'text'],
  server: [],
  client: [
    'config',
    'columns',
    'documents',
    'duckdb',
    'models',
    'modules',
    'personas',
    'preview',
    'processors',
    'report',
    'rows',
    'seeds',
    'graph',
    'server',
    'store',
    'text',
    'tools',
  ],
  'client/wish': [],
  'client/look': ['client/wish'],
  'client/build': ['client/look', 'client/wish'],
  'client/tell': ['client/build', 'client/look', 'client/wish'],
  'client/cli': ['client/tell', 'client/build', 'client/look', 'client/wish'],
};

/** Files that everybody imports, and that import only one another and what is named here. */
const LEAVES: { readonly [file: string]: readonly string[] } = {
  'errors.ts': [],
  'values.ts': [],
  'plan.ts': [],
  // The graph's own words, which travel as they are.
  'protocol.ts': ['graph/'],
};

/** What runs in Temporal's sandbox, and the files beside the folders that it brings along. */
const SANDBOXED = /^(?:graph|workflows)\/|^(?:protocol|errors|own-keys)\.ts$/;

const MAX_LINES = 350;
const MAX_MEDIAN_LINES = 110;

interface Import {
  readonly from: string;
  /** A path below `src`, or a package. */
  readonly to: string;
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const sources = new Map(files.map((file) => [file, readFileSync(join('src', file), 'utf8')]));
/** Of types too. */
const imports = files.flatMap((from) => importsOf(from, sources.get(from)!));
/** What is left of a file's imports once it is compiled. */
const codeImports = files.flatMap((from) => {
  const { outputText } = ts.transpileModule(sources.get(from)!, {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  return importsOf(from, outputText);
});

function importsOf(from: string, text: string): Import[] {
  return ts.preProcessFile(text).importedFiles.map(({ fileName }) => ({
    from,
    to: fileName.startsWith('.') ? join(from, '..', fileName) : fileName,
  }));
}

const folderOf = (file: string) => file.split('/')[0]!;

describe('the sources', () => {
  it('import in the directions that they are drawn in', () => {
    const wrong = codeImports.filter(({ from, to }) => {
      const [source, target] = [folderOf(from), folderOf(to)];
      const allowed = MAY_IMPORT[source];
      return (
        allowed && files.includes(to) && to.includes('/') && source !== target && !allowed.includes(target)
      );
    });
    expect(wrong).toEqual([]);
    const roomOf = (file: string) => file.split('/').slice(0, 2).join('/');
    const wrongInClient = imports.filter(({ from, to }) => {
      const [room, target] = [roomOf(from), roomOf(to)];
      return (
        room in MAY_IMPORT &&
        to.startsWith('client/') &&
        room !== target &&
        !MAY_IMPORT[room]!.includes(target)
      );
    });
    expect(wrongInClient).toEqual([]);
    const rooms = files
      .filter((file) => file.split('/').length > 2 && file.startsWith('client/'))
      .map(roomOf);
    expect(new Set([...files.filter((file) => file.includes('/')).map(folderOf), ...rooms])).toEqual(
      new Set(Object.keys(MAY_IMPORT)),
    );
  });

  it('have no circle of imports, of types neither, and leaves that import nothing from above', () => {
    const circles = new Set<string>();
    const done = new Set<string>();
    function visit(file: string, path: readonly string[]): void {
      if (path.includes(file)) {
        const circle = path.slice(path.indexOf(file));
        const first = circle.indexOf([...circle].sort()[0]!);
        const inOrder = [...circle.slice(first), ...circle.slice(0, first)];
        circles.add(`circle: ${[...inOrder, inOrder[0]].join(' → ')}`);
      }
      if (path.includes(file) || done.has(file)) return;
      for (const { to } of imports.filter(({ from }) => from === file)) visit(to, [...path, file]);
      done.add(file);
    }
    for (const file of files) visit(file, []);
    const upward = imports
      .filter(({ from, to }) => from in LEAVES && files.includes(to))
      .filter(
        ({ from, to }) =>
          to !== 'own-keys.ts' && !(to in LEAVES) && !LEAVES[from]!.some((start) => to.startsWith(start)),
      )
      .map(({ from, to }) => `import: ${from} → ${to}`);
    expect([...circles, ...upward]).toEqual([]);
  });

  it(`have ${MAX_LINES} lines at most, and half of them ${MAX_MEDIAN_LINES} at most`, () => {
    const sizes = files.map((file) => ({ file, lines: sources.get(file)!.split('\n').length - 1 }));
    sizes.sort((left, right) => right.lines - left.lines);
    const large = sizes.filter(({ lines }) => lines > MAX_LINES);
    const numbers = large.map(({ file, lines }) => `${file} ${lines}`).join(', ');
    expect(large, numbers).toEqual([]);
    expect(sizes[Math.floor(sizes.length / 2)]!.lines, 'the median').toBeLessThanOrEqual(MAX_MEDIAN_LINES);
  });

  it('say what each value is: no type is "any"', () => {
    const found = files.flatMap((file) => {
      const source = ts.createSourceFile(file, sources.get(file)!, ts.ScriptTarget.ESNext, true);
      return nodesOf(source)
        .filter(({ kind }) => kind === ts.SyntaxKind.AnyKeyword)
        .map((node) => `${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
    });
    expect(found).toEqual([]);
  });

  it('that run in the sandbox import nothing but Temporal and themselves', () => {
    const outside = codeImports
      .filter(({ from, to }) => SANDBOXED.test(from) && !SANDBOXED.test(to))
      .filter(({ to }) => to !== '@temporalio/workflow');
    expect(outside).toEqual([]);
  });

  it('of the store touch a disk through its port alone', () => {
    const outside = codeImports.filter(
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

function nodesOf(source: ts.SourceFile): ts.Node[] {
  const found: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** `object[text]` and `text in object`, where any text may come. */
function textKeysIn(source: ts.SourceFile, checker: ts.TypeChecker): string[] {
  const isAnyText = (node: ts.Node) => {
    const type = checker.getTypeAtLocation(node);
    const anyText = ts.TypeFlags.Any | ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral;
    return (type.isUnion() ? type.types : [type]).some(({ flags }) => (flags & anyText) !== 0);
  };
  return nodesOf(source).flatMap((node) => {
    const isIn = ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InKeyword;
    const key = ts.isElementAccessExpression(node) ? node.argumentExpression : isIn ? node.left : undefined;
    if (key === undefined || !isAnyText(key)) return [];
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    return [`${relative('', source.fileName)}:${line + 1} ${node.getText()}`];
  });
}
