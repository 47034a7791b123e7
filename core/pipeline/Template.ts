/**
 * Text with gaps: `{{ input.task }}`. Names only, no expressions.
 *
 * Literal braces are written `{{{{`. Filled text is never looked at again, so what an agent says cannot fill a gap.
 * A name that is known and has no value (an optional input, a step that was skipped, no project, no failure yet) is empty.
 */
import { Effect, Predicate } from "effect"
import { type Failure, type FailureFacts, of as failure } from "../plugin/Failure.ts"

export const MAX_BYTES = 4 * 1024 * 1024

/** `{{ steps.write.data.files.0 }}` is `["steps", "write", "data", "files", "0"]`. */
export type Reference = ReadonlyArray<string>

export interface Gap {
  readonly reference: Reference
  /** As it is written, with its braces. */
  readonly source: string
}

export interface Parsed {
  readonly parts: ReadonlyArray<string | Gap>
  readonly problems: ReadonlyArray<{ readonly source: string; readonly message: string }>
}

export interface Values {
  readonly input: Readonly<Record<string, unknown>>
  /** What each step gave, by id; steps that gave nothing are absent. */
  readonly steps: (id: string) => { readonly text: string; readonly data?: unknown } | undefined
  readonly run: { readonly id: string; readonly prompt: string }
  readonly project: { readonly name: string } | undefined
  readonly failure?: Pick<FailureFacts, "class" | "message"> | undefined
  readonly loop?: { readonly round: number; readonly check: string } | undefined
}

/** The names that may stand first, and what may follow each. */
export const roots: Readonly<Record<string, ReadonlyArray<string>>> = {
  input: ["NAME"],
  steps: ["ID.answer", "ID.data.PATH"],
  run: ["id", "prompt"],
  project: ["name"],
  failure: ["message", "class"],
  loop: ["round", "check"],
}

const NAME = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/

export const parse = (text: string): Parsed => {
  const parts: Array<string | Gap> = []
  const problems: Array<Parsed["problems"][number]> = []
  let from = 0
  for (;;) {
    const open = text.indexOf("{{", from)
    if (open < 0) return { parts: [...parts, text.slice(from)].filter((part) => part !== ""), problems }
    parts.push(text.slice(from, open))
    const close = text.indexOf("}}", open)
    if (text.startsWith("{{{{", open)) {
      parts.push("{{")
      from = open + 4
    } else if (close < 0) {
      problems.push({
        source: text.slice(open, open + 40),
        message: "{{ is never closed. Literal braces are written {{{{",
      })
      return { parts, problems }
    } else {
      const source = text.slice(open, close + 2)
      const name = source.slice(2, -2).trim()
      if (NAME.test(name)) parts.push({ reference: name.split("."), source })
      else problems.push({ source, message: `${brief(source)} is no name. Literal braces are written {{{{` })
      from = close + 2
    }
  }
}

/** The gaps of a text, in order. */
export const gaps = (parsed: Parsed): ReadonlyArray<Gap> =>
  parsed.parts.filter((part) => typeof part !== "string")

/** Fails with `bad_output` when a step gave no data at a path, with `context_too_long` above 4 MB. */
export const fill = Effect.fn("Template.fill")(function* (
  template: string,
  values: Values,
): Effect.fn.Return<string, Failure> {
  const { parts, problems } = parse(template)
  const problem = problems[0]
  if (problem !== undefined)
    return yield* failure("crashed", `The template cannot be filled: ${problem.message}.`)
  const filled: Array<string> = []
  let length = 0
  for (const part of parts) {
    const text = typeof part === "string" ? part : yield* value(part, values)
    filled.push(text)
    length += text.length
    if (length > MAX_BYTES) return yield* tooLong
  }
  const whole = filled.join("")
  if (length * 3 > MAX_BYTES && new TextEncoder().encode(whole).byteLength > MAX_BYTES) return yield* tooLong
  return whole
})

const tooLong = failure("context_too_long", "The filled text is larger than 4 MB.")

const value = ({ reference, source }: Gap, values: Values): Effect.Effect<string, Failure> => {
  const [root = "", name = "", ...rest] = reference
  switch (root) {
    case "input":
      return Effect.succeed(asText(own(values.input, name)))
    case "steps":
      return stepValue(source, values.steps(name), rest)
    case "run":
      return Effect.succeed(asText(own(values.run, name)))
    case "project":
      return Effect.succeed(asText(own(values.project, name)))
    case "failure":
      return Effect.succeed(name === "message" || name === "class" ? (values.failure?.[name] ?? "") : "")
    default:
      return Effect.succeed(asText(own(values.loop, name)))
  }
}

const stepValue = (
  source: string,
  step: ReturnType<Values["steps"]>,
  [what, ...path]: Reference,
): Effect.Effect<string, Failure> => {
  if (step === undefined) return Effect.succeed("")
  if (what === "answer") return Effect.succeed(step.text)
  const data = path.reduce<unknown>((here, key) => own(here, key), step.data)
  return data === undefined
    ? Effect.fail(failure("bad_output", `There is no data for ${brief(source)}.`))
    : Effect.succeed(asText(data))
}

const own = (holder: unknown, key: string): unknown =>
  Predicate.isObjectKeyword(holder) && Object.hasOwn(holder, key)
    ? (holder as Record<string, unknown>)[key]
    : undefined

/** A list is one line for each entry. */
const asText = (value: unknown): string => {
  if (value === undefined || value === null) return ""
  if (Array.isArray(value)) return value.map(asText).join("\n")
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}

const brief = (source: string) => {
  const line = source.replace(/\s+/g, " ")
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}
