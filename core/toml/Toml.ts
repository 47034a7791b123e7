/** TOML with positions: read, decode with errors for a person, print, edit in place. */
export { decode, diagnose } from "./Decode.ts"
export { Diagnostic, didYouMean, formatDiagnostic, formatPath, Invalid } from "./Diagnostic.ts"
export { diagnoseSyntax, parse, type TomlDocument, TomlSyntax } from "./Document.ts"
export { remove, set, TomlEditRefused } from "./Edit.ts"
export type { Path } from "./Locate.ts"
export { stringify } from "./Print.ts"
