/** The first line of a connection: what the client wants, or why it is not let in. */
import { Effect, Schema } from "effect"
import type { Connection } from "./Connection.ts"
import { type Hello, PROTOCOL } from "./Protocol.ts"

/** How long a client may take to say what it wants. */
const helloWithin = "5 seconds"
const maxHello = 65_536

export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  reason: Schema.Literals(["protocol", "ending", "stranger", "malformed", "full"]),
  message: Schema.String,
}) {}

const read = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Unknown))

/** As far as every version says the same. */
const greeted = Schema.decodeUnknownEffect(
  Schema.Struct({ hello: Schema.Struct({ protocol: Schema.Finite }) }),
)

const said = Schema.decodeUnknownEffect(
  Schema.Struct({
    hello: Schema.Struct({
      protocol: Schema.Literal(PROTOCOL),
      kind: Schema.Literals(["mcp", "calls"]),
      version: Schema.String,
      cwd: Schema.optionalKey(Schema.String),
      parent_run: Schema.optionalKey(Schema.String),
    }),
  }),
  { onExcessProperty: "error", errors: "all" },
)

const malformed = (message: string) => new Refused({ reason: "malformed", message })

/** The first line as it came. */
export const hear = Effect.fnUntraced(function* ({ first }: Connection): Effect.fn.Return<string, Refused> {
  const line = yield* Effect.timeoutOrElse(
    Effect.promise(() => first),
    { duration: helloWithin, orElse: () => malformed(`Nothing was said for ${helloWithin}.`) },
  )
  if (line === undefined || line.length > maxHello)
    return yield* malformed(`The first line is longer than ${maxHello} bytes.`)
  return line.toString("utf8")
})

export const decoded = Effect.fnUntraced(function* (text: string): Effect.fn.Return<Hello["hello"], Refused> {
  const line = yield* Effect.mapError(read(text), noHello)
  const { protocol } = (yield* Effect.mapError(greeted(line), noHello)).hello
  if (protocol !== PROTOCOL)
    return yield* new Refused({
      reason: "protocol",
      message: `This hub speaks protocol ${PROTOCOL}, the client ${protocol}: they are of different versions. \`hub restart\` starts the hub that is installed.`,
    })
  const whole = said(line)
  return (yield* Effect.mapError(whole, ({ message }) => malformed(`The hello is wrong. ${message}`))).hello
})

const noHello = ({ message }: { readonly message: string }) =>
  malformed(`The first line is no hello. ${message}`)
