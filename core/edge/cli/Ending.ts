/** How a command ends: what it prints, and the exit code. */
import { Cause, Effect, Exit } from "effect"
import { OperationFailed } from "../../plugin/Operation.ts"
import { errorOf, failureOf } from "../Call.ts"
import type { HubUnreachable } from "../Door.ts"
import { painted, plainly } from "../Print.ts"
import { safe, type Terminal } from "../Terminal.ts"
import type { Parsed } from "./Args.ts"
import type { Context, Done } from "./Command.ts"

export const codes = { done: 0, failed: 1, usage: 2, cancelled: 3, unreachable: 4 } as const

/** Of a command that a signal has stopped, as a shell says it. */
export const signalCode = (signal: "SIGINT" | "SIGTERM" | "SIGHUP"): number => 128 + numbers[signal]

/** Of a command that follows something: until it is through, the person stops it, or nobody reads it any more. */
export const codeAfter = (
  work: Effect.Effect<void, OperationFailed>,
  { interrupted, unread }: Pick<Context, "interrupted" | "unread">,
): Effect.Effect<number, OperationFailed> =>
  Effect.raceFirst(Effect.as(Effect.raceFirst(work, unread), codes.done), Effect.map(interrupted, signalCode))

const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

export const show = Effect.fnUntraced(function* (done: Done, { globals }: Parsed, out: Terminal["out"]) {
  const { code = codes.done, output, text } = done
  if (output === undefined && text === undefined) return code
  const shown = globals.json ? document(output, out) : forPerson(done, out)
  if (shown !== "") yield* out.write(shown.endsWith("\n") ? shown : `${shown}\n`)
  return code
})

const forPerson = ({ output, text, verbatim = false }: Done, out: Terminal["out"]): string => {
  if (text === undefined) return plainly(output, out)
  return verbatim ? safe(text) : painted(safe(text), out)
}

/** Control characters beyond those that JSON escapes by itself are escaped as well: the same document, and safe to look at. */
const document = (value: unknown, out: Terminal["out"]): string =>
  JSON.stringify(value ?? null, null, out.isTerminal ? 2 : 0).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )

export const fail = Effect.fnUntraced(function* (
  exit: Exit.Exit<unknown, OperationFailed | HubUnreachable>,
  { globals }: Parsed,
  { err, out }: Terminal,
) {
  const error = dead(exit) ?? failureOf(Exit.mapError(exit, toFailure)) ?? broken("for no known reason")
  const isGone = error.code === "unavailable"
  if (globals.json) yield* out.write(`${document({ error: errorOf(error) }, out)}\n`)
  else yield* err.write(`${err.paint("error", "hub:")} ${safe(error.message).replaceAll("\n", "\n     ")}\n`)
  if (isGone) return codes.unreachable
  return USAGE.includes(error.code) ? codes.usage : codes.failed
})

const USAGE = ["invalid", "not_found", "not_yet"]

const toFailure = (error: OperationFailed | HubUnreachable): OperationFailed =>
  error._tag === "OperationFailed"
    ? error
    : new OperationFailed({ message: error.message, ...standing(error) })

const standing = ({ diagnostics, home }: HubUnreachable) =>
  diagnostics === undefined
    ? ({ code: "unavailable", details: { home } } as const)
    : ({ code: "invalid", details: diagnostics } as const)

/** A bug in this process, rather than in the hub's. */
const dead = <A, E>(exit: Exit.Exit<A, E>): OperationFailed | undefined =>
  Exit.isFailure(exit) && Cause.hasDies(exit.cause) ? broken(String(Cause.squash(exit.cause))) : undefined

const broken = (why: string): OperationFailed =>
  new OperationFailed({ code: "internal", message: `The command broke: ${why}` })

/** Everything that is wrong with how it was called. */
export const refuse = Effect.fnUntraced(function* (
  problems: ReadonlyArray<string>,
  more: string,
  { globals }: Parsed,
  { err, out }: Terminal,
) {
  const error = { code: "invalid", message: problems.join("\n"), details: { problems } }
  if (globals.json) yield* out.write(`${document({ error }, out)}\n`)
  else
    yield* err.write(
      `${problems.map((one) => `${err.paint("error", "hub:")} ${safe(one)}`).join("\n")}\n     \`${more}\` says how.\n`,
    )
  return codes.usage
})
