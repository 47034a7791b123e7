/** Errors of the rooms as what every door says. */
import { Effect } from "effect"
import { OperationFailed } from "../plugin/Operation.ts"
import { diagnoseSyntax } from "../toml/Toml.ts"
import type { DispatchError } from "./Dispatch.ts"

const codes = {
  RequestRefused: "invalid",
  FolderUnusable: "invalid",
  InputRefused: "invalid",
  KeyTaken: "conflict",
  Invalid: "invalid",
  TomlSyntax: "invalid",
  RunUnknown: "not_found",
  PipelineUnknown: "not_found",
  FileFailed: "unavailable",
  StorageFailed: "unavailable",
} as const

const detailsOf = (error: DispatchError): { details?: unknown } => {
  if (error._tag === "Invalid") return { details: error.diagnostics }
  return error._tag === "TomlSyntax" ? { details: [diagnoseSyntax(error)] } : {}
}

/** The same sentence for every door; `details` carry file, line and key where there are some. */
export const said = <A, R>(
  effect: Effect.Effect<A, DispatchError, R>,
): Effect.Effect<A, OperationFailed, R> =>
  Effect.mapError(
    effect,
    (error) =>
      new OperationFailed({
        code: error._tag === "AnswerRefused" ? error.code : codes[error._tag],
        message: error.message,
        ...detailsOf(error),
      }),
  )
