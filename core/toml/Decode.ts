/** Decodes a document strictly and says everything that is wrong with it, each with its place. */
import { Effect, Schema } from "effect"
import { type Diagnostic, formatPath, Invalid } from "./Diagnostic.ts"
import type { TomlDocument } from "./Document.ts"
import { valueAt } from "./Value.ts"
import { findings, type Finding } from "./Findings.ts"
import type { Path } from "./Locate.ts"

/** A schema that needs no services to decode. */
type Plain = Schema.Top & { readonly DecodingServices: never }

/** Unknown keys are errors. `at` decodes the part of the document at that path. */
export const decode = <S extends Plain>(
  schema: S,
  document: TomlDocument,
  options: { readonly at?: Path } = {},
): Effect.Effect<S["Type"], Invalid> => {
  const base = options.at ?? []
  const part = valueAt(document.value, base)
  if (part === undefined && base.length > 0) return Effect.fail(invalid(document, [absent(base)]))
  return Schema.decodeUnknownEffect(schema)(part, { errors: "all", onExcessProperty: "error" }).pipe(
    Effect.mapError(({ issue }) => invalid(document, findings(issue, document.value, base))),
  )
}

/** A finding of one's own at its place in the document; `onKey` when the key is what is wrong, not its value. */
export const diagnose = (
  document: TomlDocument,
  path: Path,
  message: string,
  options: { readonly onKey?: boolean; readonly severity?: Diagnostic["severity"] } = {},
): Diagnostic => ({
  file: document.file,
  ...(options.onKey ? document.keyAt(path) : document.at(path)),
  path: formatPath(path),
  message,
  severity: options.severity ?? "error",
})

const absent = (path: Path): Finding => ({ path, message: "is required", onKey: false, weight: 1 })

const invalid = (document: TomlDocument, found: ReadonlyArray<Finding>) => {
  const unique = new Map(found.map((finding) => [`${formatPath(finding.path)}: ${finding.message}`, finding]))
  const diagnostics = [...unique.values()].map((finding) =>
    diagnose(document, finding.path, finding.message, finding),
  )
  return new Invalid({ diagnostics: diagnostics.sort((a, b) => a.line - b.line || a.column - b.column) })
}
