/** `hub runs events`, and with `--follow` until the run has ended. */
import { Effect, Schema } from "effect"
import { RunEvent } from "../../services/Events.ts"
import type { Screen } from "../Terminal.ts"
import { type Command, type Context, fieldsOf } from "./Command.ts"
import { codeAfter } from "./Ending.ts"
import { decodeWith, follow } from "./Follow.ts"
import { listed } from "./Story.ts"

const more = fieldsOf({
  properties: { follow: { type: "boolean", description: "Go on with new events until the run has ended." } },
})

const Page = Schema.Struct({ events: Schema.Array(RunEvent) })

export const eventsCommand = (command: Command): Command => ({
  ...command,
  fields: () => [...command.fields(), ...more],
  examples: ["hub runs events last --follow", "hub runs events last --after 120 --json"],
  speaks: true,
  run: (raw, context) =>
    Effect.gen(function* () {
      const { follow: isFollowing, ...given } = raw
      if (isFollowing === true) return yield* following(given, context)
      const door = yield* context.door("read")
      const { output } = yield* door.call("run_events", given, context.caller)
      const { events } = yield* decodeWith(Page, output)
      return { output, text: events.map((event) => listed(event, context.terminal.out)).join("\n") }
    }),
})

const following = Effect.fnUntraced(function* (given: Readonly<Record<string, unknown>>, context: Context) {
  const door = yield* context.door("read")
  const { out } = context.terminal
  const run = { run_id: String(given["run_id"]), after: Number(given["after"] ?? 0) }
  const writer = context.globals.json ? asDocument(out) : asLines(out)
  const code = yield* codeAfter(follow(door, context.caller, run, writer.each), context)
  yield* writer.end
  return { code }
})

interface Writer {
  readonly each: (event: RunEvent) => Effect.Effect<void>
  readonly end: Effect.Effect<void>
}

const asLines = (out: Screen): Writer => ({
  each: (event) => out.write(`${listed(event, out)}\n`),
  end: Effect.void,
})

/** One JSON document that grows line by line. Nothing is written before the first event, so an error can still be the document. */
const asDocument = (out: Screen): Writer => {
  let count = 0
  return {
    each: (event) => out.write(`${count++ === 0 ? '{"events":[' : ","}\n${JSON.stringify(event)}`),
    end: Effect.suspend(() => out.write(count === 0 ? '{"events":[]}\n' : "\n]}\n")),
  }
}
