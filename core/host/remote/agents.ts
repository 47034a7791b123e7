/** Agents of a plugin behind a wire. */
import { Effect } from "effect"
import { output, type Probe } from "../../plugin/Agent.ts"
import type { DecoderHandle, ProgramAgentHandle } from "../../plugin/Catalogue.ts"
import { quiet } from "../Border.ts"
import type { Offer } from "../Offer.ts"
import { Replies } from "../Wire.ts"
import { type Far, failingCall, meant } from "./answers.ts"

type Offered = NonNullable<Offer["agents"]>[number]

export const agent = (far: Far, offered: Offered): ProgramAgentHandle => {
  const { border, remote } = far
  const { client, id, program, summary, supports } = offered
  return {
    plugin: border.plugin,
    kind: "program",
    id,
    summary,
    program,
    supports: supports ?? {},
    launch: (request) =>
      failingCall(
        far,
        `agent "${id}"`,
        remote.call("agent.launch", { agent: id, request }, border.limits.answer),
        Replies.launch,
      ),
    decoder: (request) =>
      Effect.map(
        Effect.acquireRelease(
          failingCall(
            far,
            `agent "${id}"`,
            remote.call("decoder.open", { agent: id, request }, border.limits.answer),
            Replies.opened,
          ),
          ({ decoder }) => Effect.ignore(remote.call("decoder.close", { decoder }, border.limits.answer)),
        ),
        (opened) => decoderHandle(far, id, opened),
      ),
    probe: offered.probe === true ? probe(far, id) : undefined,
    client:
      client === undefined
        ? undefined
        : { ...client, entry: (hub) => filled(client.entry, hub) as Record<string, unknown> },
  }
}

const probe = ({ border, remote }: Far, id: string): Effect.Effect<Probe> =>
  quiet<Probe>(
    border,
    `probe of agent "${id}"`,
    () => meant(remote.call("agent.probe", { agent: id }, border.limits.answer), Replies.probe),
    (detail) => ({ installed: false, notes: [detail] }),
  )

/** Most characters of output in one message: escaped they still fit. A longer line is cut for the decoder; the spool has it. */
const MAX_FEED = 2 * 1024 * 1024

const decoderHandle = (
  far: Far,
  agent: string,
  { decoder, may_skip }: typeof Replies.opened.Type,
): DecoderHandle => {
  const { answer } = far.border.limits
  const what = `agent "${agent}"`
  return {
    may_skip,
    feed: (lines, stream) =>
      Effect.map(
        Effect.forEach(pieces(lines), (piece) =>
          Effect.map(
            failingCall(
              far,
              what,
              far.remote.call("decoder.feed", { decoder, lines: piece, stream }, answer),
              Replies.fed,
            ),
            (fed) => piece.flatMap((line, index) => fed[index]?.events ?? [output(line, stream)]),
          ),
        ),
        (events) => events.flat(),
      ),
    end: (exit) =>
      failingCall(far, what, far.remote.call("decoder.end", { decoder, exit }, answer), Replies.answer),
  }
}

const pieces = (lines: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const found: Array<Array<string>> = [[]]
  let length = 0
  for (const whole of lines) {
    const line = whole.slice(0, MAX_FEED)
    if (length > 0 && length + line.length > MAX_FEED) {
      found.push([])
      length = 0
    }
    found.at(-1)!.push(line)
    length += line.length
  }
  return found
}

/** The entry of a client's config, with the path of the hub where `{{hub}}` stands. */
const filled = (value: unknown, hub: string): unknown => {
  if (typeof value === "string") return value.replaceAll("{{hub}}", hub)
  if (Array.isArray(value)) return value.map((item) => filled(item, hub))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, filled(inner, hub)]))
}
