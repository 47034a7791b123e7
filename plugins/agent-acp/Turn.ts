/** One attempt: the program is started, spoken with to the end of one turn, and ended. */
import { type Cause, type Duration, Effect, Fiber, Option, Queue, Stream } from "effect"
import { type Agent, type Conversation, Failure, Reading } from "hub/plugin"
import { type Connection, connect } from "./Connection.ts"
import { Inputs } from "./Inputs.ts"
import { outcome, permit } from "./Permit.ts"
import { start, type Tools } from "./Program.ts"
import { Reader } from "./Reader.ts"
import * as Session from "./Session.ts"

type Element = Agent.AgentEvent | { readonly answer: Agent.Answer }

/** How long the agent is waited for. */
export interface Waits {
  /** To stop by itself, before its program is ended. */
  readonly farewell: Duration.Input
  /** To tell what is handed to a tool, when it has asked for the call. */
  readonly breath: Duration.Input
}

const usual: Waits = { farewell: "1 second", breath: "300 millis" }

export const run = (
  tools: Tools,
  setting: Session.Setting,
  request: Agent.AgentRequest,
  host: Agent.AgentHost,
  waits: Waits = usual,
): Stream.Stream<Element, Failure.Failure> =>
  Stream.callback((out: Queue.Queue<Element, Failure.Failure | Cause.Done>) =>
    // In a scope of its own: whoever breaks off is told before the program is ended.
    Effect.scoped(
      turn(tools, setting, request, host, waits, (element) => Effect.asVoid(Queue.offer(out, element))),
    ).pipe(Effect.andThen(Queue.end(out))),
  )

type Tell = (element: Element) => Effect.Effect<void>

const turn = Effect.fnUntraced(function* (
  tools: Tools,
  setting: Session.Setting,
  request: Agent.AgentRequest,
  host: Agent.AgentHost,
  waits: Waits,
  tell: Tell,
) {
  const program = yield* start(tools, setting, request)
  const reader = new Reader(setting.agent, setting.preset)
  const told = (events: ReadonlyArray<Agent.AgentEvent>) => Effect.forEach(events, tell, { discard: true })
  const inputs = new Inputs(waits.breath)
  // What it tells of an earlier turn, while a session is loaded, was told then.
  let isNow = false
  const errors = yield* Effect.forkScoped(
    Stream.runForEach(program.errors, (line) => told(reader.error(line))),
  )
  yield* Effect.forkScoped(Stream.runForEach(program.log, (line) => told(reader.sign(line))))
  const acp = yield* connect(program, {
    update: (update) =>
      isNow ? Effect.andThen(told(reader.update(update)), inputs.heard(update)) : Effect.void,
    line: (text) => told(reader.line(text)),
    permission: ({ options, toolCall }) =>
      Effect.gen(function* () {
        const call = Reading.asObject(toolCall) ?? {}
        yield* told(reader.call(call))
        yield* inputs.whole(reader.known(call))
        const choice = yield* permit(setting, request, host, reader.known(call), options, tell)
        if (choice?.kind.startsWith("allow") !== true) reader.denied()
        return outcome(choice)
      }),
  })
  const ended = Effect.suspend(() => told(reader.flush())).pipe(
    // Its last words may come behind the end of its output.
    Effect.andThen(Effect.timeoutOption(Effect.tap(program.exit, Fiber.await(errors)), waits.farewell)),
    Effect.map((ended) => epitaph(setting, Option.getOrUndefined(ended), reader)),
  )
  const failed = <A, E extends Parameters<typeof Session.failed>[2], R>(effect: Effect.Effect<A, E, R>) =>
    Effect.catch(effect, (error) => Effect.flatMap(Session.failed(setting, ended, error), Effect.fail))
  const session = yield* failed(Session.begin(acp, setting, request))
  yield* told(reader.session(session.id))
  isNow = true
  const response = yield* failed(prompted(acp, session, request.prompt, waits))
  const { end, events } = reader.end(response)
  yield* told(events)
  if (end instanceof Failure.Failure) return yield* end
  yield* tell({ answer: end })
})

/** Whoever does not want it any more tells the agent so, which may have to put something down. */
const prompted = (acp: Connection, session: Session.Begun, prompt: string, { farewell }: Waits) =>
  Effect.gen(function* () {
    const answer = yield* Effect.forkScoped(acp.request("session/prompt", Session.promptOf(session, prompt)))
    const cancel = Effect.andThen(
      acp.notify("session/cancel", { sessionId: session.id }),
      Effect.timeoutOption(Fiber.await(answer), farewell),
    )
    return yield* Effect.onInterrupt(Fiber.join(answer), () => cancel)
  })

/** What is known of a program that ended without a word. */
const epitaph = ({ agent }: Session.Setting, ended: Ended | undefined, { evidence }: Reader) =>
  Failure.of("crashed", `${agent} ${howOf(ended)} before it said that it is done.`, { evidence })

type Ended = Effect.Success<Conversation["exit"]>

const howOf = (ended: Ended | undefined): string => {
  if (ended === undefined) return "closed its output"
  return ended.signal === null ? `ended with exit ${ended.code}` : `was ended by ${ended.signal}`
}
