import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, resolve } from 'node:path'
import ts from 'typescript'

/** A file of the project as the tidy rules see it: its path from the root, with slashes, and its text. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** One import, export-from, `import()` or `import('…')` type. */
export interface Import {
  readonly from: string
  /** As written for a package; the path from the root for a relative one. */
  readonly to: string
  readonly relative: boolean
  readonly typeOnly: boolean
}

const root = resolve(import.meta.dirname, '../..')
const notOurs = new Set(['.git', '.cache', 'node_modules', 'dist', 'coverage'])
const generated = new Set(['docs/api'])
const text = /\.(?:ts|tsx|js|mjs|cjs|json|jsonc|md|css|html|yml|yaml|sh)$|\/run$|^\.[a-z]+$|^LICENSE$/

/** Every text file of the project, without what is installed or generated. */
export function projectFiles(folder = root): Source[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    const name = relative(root, path).replaceAll('\\', '/')
    if (entry.isDirectory()) return notOurs.has(entry.name) || generated.has(name) ? [] : projectFiles(path)
    return text.test(name) ? [{ path: name, text: readFileSync(path, 'utf8') }] : []
  })
}

export function isCode(path: string): boolean {
  return /\.(?:ts|tsx|mjs|js)$/.test(path)
}

/** All imports of a file, type-only ones as well: a layer is a matter of knowing, not only of running. */
export function importsOf(source: Source): Import[] {
  const imports: Import[] = []
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return
    const isRelative = specifier.text.startsWith('.')
    const to = isRelative ? normalize(join(dirname(source.path), specifier.text)) : specifier.text
    imports.push({ from: source.path, to, relative: isRelative, typeOnly })
  }
  visit(source, (node) => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
    }
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true)
    if (ts.isCallExpression(node) && isLoader(node.expression)) add(node.arguments[0], false)
  })
  return imports
}

/** Calls `look` for every node of the file. */
export function visit(source: Source, look: (node: ts.Node) => void): void {
  const kind = source.path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS
  const walk = (node: ts.Node): void => {
    look(node)
    ts.forEachChild(node, walk)
  }
  walk(ts.createSourceFile(source.path, source.text, ts.ScriptTarget.ESNext, true, kind))
}

function isLoader(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
}
