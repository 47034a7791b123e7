/** Answers what the hub asks of a plugin's resources and prompts. */
import { type Cause, Effect, Fiber, Queue, Stream } from "effect"
import type { Peer } from "../Rpc.ts"
import { type Answers, decoded, type Offered, one } from "./answers.ts"
import { talkOf } from "./talk.ts"

/** Between two changes of one resource: what happens meanwhile is told once. */
const pause = "50 millis"

/** As many as the protocol of clients allows. */
const mostCompletions = 100

export const readings = (offered: Offered, peer: () => Peer): Answers => {
  const resource = (uri: string) => one(offered().resources, (found) => found.uri === uri, `resource ${uri}`)
  const prompt = (name: string) => one(offered().prompts, (found) => found.name === name, `prompt ${name}`)
  return {
    "resource.read": ({ call, caller, uri, variables }) =>
      Effect.flatMap(resource(uri), (found) => found.read(variables, caller, talkOf(peer(), call))),
    "resource.follow": ({ call, uri, variables }) =>
      Effect.flatMap(resource(uri), ({ changes }) =>
        told(changes?.(variables) ?? Stream.empty, () => peer().notify("resource.changed", { call })),
      ),
    "resource.complete": ({ typed, uri, variable }) =>
      Effect.flatMap(resource(uri), ({ complete }) => most(complete?.(variable, typed))),
    "prompt.render": ({ arguments: args, call, prompt: name }) =>
      Effect.flatMap(prompt(name), (found) =>
        Effect.flatMap(decoded(found.arguments, args), (given) => found.render(given, talkOf(peer(), call))),
      ),
    "prompt.complete": ({ argument, others, prompt: name, typed }) =>
      Effect.flatMap(prompt(name), ({ complete }) => most(complete?.(argument, typed, others))),
  }
}

/** The changes are taken up in this very fiber: what is asked after it finds them followed. */
const told = Effect.fnUntraced(function* <E, R>(changes: Stream.Stream<unknown, E, R>, tell: () => void) {
  const due = yield* Queue.sliding<void, Cause.Done>(1)
  const each = Effect.andThen(Effect.sync(tell), Effect.sleep(pause))
  const telling = yield* Effect.forkChild(Stream.runForEach(Stream.fromQueue(due), () => each))
  yield* Stream.runForEach(changes, () => Queue.offer(due, undefined))
  yield* Queue.end(due)
  yield* Fiber.join(telling)
})

const most = <R>(completions: Effect.Effect<ReadonlyArray<string>, never, R> = Effect.succeed([])) =>
  Effect.map(completions, (found) => found.slice(0, mostCompletions))
