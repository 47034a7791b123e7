/** Looks at the clock. */
import { DateTime, Effect, Option, Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import { handle } from "./handle.ts"

const Clock = Schema.String.check(
  Schema.isPattern(/^([01]\d|2[0-3]):[0-5]\d$/, { expected: 'a time of day such as "22:00"' }),
)

// The check that JSON Schema knows comes last, for it carries the description.
const Zone = Schema.String.check(
  Schema.makeFilter(
    (name) =>
      Option.isSome(DateTime.zoneMakeNamed(name)) ||
      `no time zone ${JSON.stringify(name)}. Write one such as "Europe/Berlin" or "UTC"`,
  ),
  Schema.isMinLength(1),
)

export const time = handle({
  id: "time",
  summary:
    'The time of day: `time = { between = ["22:00", "06:00"], tz = "Europe/Berlin" }`, also across midnight.',
  config: Schema.Struct({
    between: Field.required(
      Schema.Tuple([Clock, Clock]).check(
        Schema.makeFilter(([from, to]) => from !== to || "the two times are the same"),
      ),
      "From the first time on, up to the second.",
    ),
    tz: Field.optional(Zone, "Time zone by its IANA name. Left out: the machine's."),
  }),
  holds: Effect.fnUntraced(function* ({ between: [from, to], tz }) {
    const now = yield* DateTime.now
    const zone = Option.getOrElse(tz === undefined ? Option.none() : DateTime.zoneMakeNamed(tz), () =>
      DateTime.zoneMakeLocal(),
    )
    const { hour, minute } = DateTime.toParts(DateTime.setZone(now, zone))
    const clock = [hour, minute].map((part) => String(part).padStart(2, "0")).join(":")
    // Times of day in this form compare as text.
    const holds = from < to ? from <= clock && clock < to : from <= clock || clock < to
    return { holds, because: `it is ${clock}${tz === undefined ? "" : ` in ${tz}`}` }
  }),
})
