/**
 * Finds what a bundle would still look up when it runs.
 *
 * A compiled program resolves a bare specifier that is left in it from `node_modules` of the folder it is started in,
 * so an `import("x")` of a package that was missing at build time runs whatever a stranger put there.
 */
import { isBuiltin } from "node:module"
import { relative, resolve } from "node:path"

/** One place that is resolved at run time: the module it stands in, and the start of the expression. */
export interface Leak {
  readonly module: string
  readonly expression: string
}

/** The room that imports plugins by a computed path, always absolute. Nobody else computes what to import. */
const computesPaths = /^core\/host\//

/** Bundles the entries without compiling them and gives every leak. Paths are relative to `root`. */
export const leaks = async (entrypoints: ReadonlyArray<string>, root: string): Promise<Array<Leak>> => {
  const built = await Bun.build({
    entrypoints: [...entrypoints],
    root,
    target: "bun",
    format: "esm",
    splitting: true,
    // White space stays, for the names of the modules are comments. Dead branches go, as in the real build.
    minify: { syntax: true, whitespace: false, identifiers: false },
  })
  const chunks = built.outputs.filter((output) => output.path.endsWith(".js"))
  return (await Promise.all(chunks.map(async (chunk) => leaksOf(await chunk.text(), root)))).flat()
}

const leaksOf = (code: string, root: string): Array<Leak> => {
  const lookups = modulesOf(code, root).flatMap(({ module, text }) =>
    calls(text).map((expression) => ({ module, expression })),
  )
  return [...statements(code), ...lookups.filter(isLeak)]
}

const transpiler = new Bun.Transpiler({ loader: "js" })

/** `import … from "x"` that the bundler left alone, as it does for `--external`. */
const statements = (code: string): Array<Leak> =>
  transpiler
    .scanImports(code)
    .filter(({ kind, path }) => kind === "import-statement" && !isSafe(path))
    .map(({ path }) => ({ module: "(bundle)", expression: `import ${JSON.stringify(path)}` }))

/** Bun writes the path of each module, seen from the current folder, as a comment of its own before its code. */
const modulesOf = (code: string, root: string): Array<{ module: string; text: string }> => {
  const [start = "", ...named] = code.replace(definition, "").split(/^\/\/ (\S+\.[cm]?[jt]sx?)$/m)
  const pairs = Array.from({ length: named.length / 2 }, (_, index) => named.slice(2 * index, 2 * index + 2))
  return [
    { module: "(bundle)", text: start },
    ...pairs.map(([path = "", text = ""]) => ({ module: relative(root, resolve(path)), text })),
  ]
}

// The bundler renames every real `require` to `__require`, so the plain word is only ever text.
// Chunks hand it to each other by name (`{ __require, … }`), and `require.cache` looks nothing up.
// A text that mentions `import(x)` is found too. That is the right side to err on.
const lookup =
  /(?<![\w$.])(?:import\s*\(|__require\b(?!\s*[,}]|\.cache\b)|createRequire\s*\(|import\.meta\.(?:require|resolve)\b|Bun\.resolve(?:Sync)?\b)/g
const definition = "__require = import.meta.require"

const calls = (text: string): Array<string> =>
  [...text.matchAll(lookup)].map(({ index }) => expressionAt(text, index))

/** The start of the expression, whole where it is a call with one literal. */
const expressionAt = (text: string, index: number): string =>
  /^[^"\n]{0,60}("[^"\n]*"\s*\))?/.exec(text.slice(index))?.[0] ?? ""

const isLeak = ({ expression, module }: Leak): boolean => {
  const literal = /^[\w.]+\s*\(\s*"([^"]*)"\s*\)$/.exec(expression)?.[1]
  return literal === undefined ? !computesPaths.test(module) : !isSafe(literal)
}

const isSafe = (specifier: string): boolean =>
  /^(node:|bun:|bun$|\.\.?\/)/.test(specifier) || isBuiltin(specifier)
