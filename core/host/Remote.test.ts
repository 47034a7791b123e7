/** A plugin at the other end of the wire may send anything. */
import { expect } from "bun:test"
import { Effect, Exit, Fiber, Queue, Stream } from "effect"
import { silent, type Talk } from "../plugin/Talk.ts"
import { effect } from "../testing/effect.ts"
import { type Border, limits } from "./Border.ts"
import * as Remote from "./Remote.ts"
import * as RemoteServices from "./RemoteServices.ts"
import { codes, make, RpcError } from "./Rpc.ts"

interface Asked {
  readonly id: number
  readonly method: string
  readonly params: { readonly call: number } & Readonly<Record<string, unknown>>
}

const answer = ({ id }: Asked, result: unknown) => ({ id, result })

/** Hears what the hub sends, and says what it likes. */
interface Far {
  readonly say: (message: object) => void
  readonly hear: Effect.Effect<Asked>
}

const noMethod = new RpcError({ code: codes.unknown, message: "no method resource.follow" })

/** Asks nobody: no plugin here uses a service. */
const services = RemoteServices.make(
  make({ send: () => {}, handle: () => Effect.fail(noMethod), broken: () => {} }),
)

/** A hub's end, greeted and set up, of a plugin that is played here. */
const meet = Effect.fnUntraced(function* (offer: object) {
  const broke: Array<string> = []
  const border: Border = {
    plugin: "far",
    file: "",
    limits,
    services,
    broke: (detail) => Effect.sync(() => void broke.push(detail)),
  }
  const heard = yield* Queue.unbounded<Asked>()
  let receive: (text: string) => void = () => {}
  const far: Far = {
    say: (message) => receive(JSON.stringify({ jsonrpc: "2.0", ...message })),
    hear: Queue.take(heard),
  }
  const connect: Remote.Connect = (on) => {
    receive = on.receive
    return Effect.succeed({
      send: (text) => void Queue.offerUnsafe(heard, JSON.parse(text) as Asked),
      kill: () => {},
    })
  }
  const connecting = yield* Effect.forkScoped(
    Remote.connect({ border, instance: "far", connect, lost: (reason) => void broke.push(reason) }),
  )
  far.say(answer(yield* far.hear, { protocol: 1, id: "tool-far", summary: "Far." }))
  const remote = yield* Fiber.join(connecting)
  const setting = yield* Effect.forkScoped(Effect.exit(Remote.setup(remote, {}, "far", limits.setup)))
  far.say(answer(yield* far.hear, offer))
  const exit = yield* Fiber.join(setting)
  const handles = Effect.map(exit, (offer) => Remote.handles(border, remote, offer))
  return { broke, far, handles, remote }
})

const named = { name: "far_go", summary: "Goes.", readonly: true }
const caller = { door: "mcp", client: "test" } as const
const progress = (call: number, done: number) => ({ method: "talk.progress", params: { call, done } })

/** Runs the operation until it has asked the other end. */
const asked = Effect.fnUntraced(function* (talk: Talk, operation: object = named) {
  const { broke, far, handles } = yield* meet({ operations: [operation] })
  const [handle] = (yield* handles).operations
  const answered = yield* Effect.forkScoped(Effect.exit(handle!.run({}, caller, talk)))
  const question = yield* far.hear
  return { answered, broke, far, question, call: question.params.call }
})

const ears = () => {
  const heard: Array<number> = []
  const talk: Talk = { ...silent, progress: ({ done }) => Effect.sync(() => void heard.push(done)) }
  return { heard, talk }
}

effect(
  "what is said under another number, or after the end, reaches nobody",
  Effect.gen(function* () {
    const { heard, talk } = ears()
    const { answered, broke, call, far, question } = yield* asked(talk)
    far.say(progress(call + 1, 1))
    far.say(progress(call, 2))
    far.say(answer(question, "done"))
    far.say(progress(call, 3))
    expect(yield* Fiber.join(answered)).toEqual(Exit.succeed("done"))
    far.say(progress(call, 4))
    yield* Effect.yieldNow
    // What came behind the answer in the same moment is told, or not; never what comes after the end.
    expect(heard.filter((done) => done !== 3)).toEqual([2])
    expect(broke).toEqual([])
  }),
)

effect(
  "of a flood that nobody takes, the newest hundred are kept",
  Effect.gen(function* () {
    const { heard, talk } = ears()
    const { answered, call, far, question } = yield* asked(talk)
    for (let done = 1; done <= 5000; done++) far.say(progress(call, done))
    far.say(answer(question, "done"))
    yield* Fiber.join(answered)
    expect(heard).toEqual(Array.from({ length: 100 }, (_, index) => 4901 + index))
  }),
)

effect(
  "a caller that gives up ends the call, also while it takes nothing that is said",
  Effect.gen(function* () {
    const deaf: Talk = { ...silent, progress: () => Effect.never }
    const { answered, call, far, question } = yield* asked(deaf)
    far.say(progress(call, 1))
    yield* Fiber.interrupt(answered)
    expect(yield* far.hear).toMatchObject({ method: "$/cancel", params: { id: question.id } })
    const late = yield* asked(deaf)
    late.far.say(progress(late.call, 1))
    late.far.say(answer(late.question, "done"))
    yield* Fiber.interrupt(late.answered)
  }),
)

effect(
  "a notification that does not decode, or is too long, is shown once and passed over",
  Effect.gen(function* () {
    const { heard, talk } = ears()
    const { answered, broke, call, far, question } = yield* asked(talk)
    for (let count = 0; count < 3; count++)
      far.say({ method: "talk.progress", params: { call, done: "much" } })
    far.say({ method: "talk.log", params: { call, level: "info", data: "x".repeat(100_001) } })
    far.say({ method: "resource.changed", params: { call: "all" } })
    far.say({ method: "something.new", params: {} })
    far.say(answer(question, "done"))
    yield* Fiber.join(answered)
    expect(heard).toEqual([])
    expect(broke).toEqual([
      "sent a notification talk.progress that does not decode",
      expect.stringMatching(/^sent a talk\.log of \d+ characters; 100000 is the most$/),
      "sent a notification resource.changed that does not decode",
    ])
  }),
)

effect(
  "questions that are none are refused, and so are those of no call",
  Effect.gen(function* () {
    const { far } = yield* asked(silent)
    far.say({ id: 1, method: "talk.ask", params: { call: 1, questions: { a: { kind: "riddle" } } } })
    expect(yield* far.hear).toMatchObject({ id: 1, error: { code: -32602 } })
    far.say({ id: 2, method: "talk.ask", params: { call: 99, questions: {} } })
    expect(yield* far.hear).toMatchObject({
      id: 2,
      error: { code: -32602, message: "no call 99 is under way" },
    })
  }),
)

effect(
  "an output without the content that was promised is a fault of the plugin",
  Effect.gen(function* () {
    const { answered, broke, far, question } = yield* asked(silent, { ...named, shows: ["content"] })
    far.say(answer(question, { output: "x" }))
    expect(yield* Fiber.join(answered)).toMatchObject({ _tag: "Failure" })
    expect(broke).toEqual([expect.stringMatching(/operation "far_go"[^]*content/)])
  }),
)

effect(
  "a route whose path is a pattern is refused: the hub's router would run it",
  Effect.gen(function* () {
    const route = (path: string) => ({ routes: [{ method: "GET", path, summary: "Looks." }] })
    for (const path of ["/:id{(a+)+$}", "no-slash", "/a//b", "/(a|b)", `/${"a".repeat(500)}`])
      expect(yield* Effect.exit((yield* meet(route(path))).handles), path).toMatchObject({ _tag: "Failure" })
    for (const path of ["/", "/item/:id", "/a.b/*", "/*"])
      expect((yield* (yield* meet(route(path))).handles).routes).toMatchObject([{ path }])
  }),
)

effect(
  "bytes that are no base64 are refused",
  Effect.gen(function* () {
    const resource = { uri: "far://x", name: "x", summary: "X.", mime: "x/y" }
    const { broke, far, handles } = yield* meet({ resources: [resource] })
    const read = yield* Effect.forkScoped(
      Effect.exit((yield* handles).resources[0]!.read({}, caller, silent)),
    )
    far.say(answer(yield* far.hear, { blob: "!" }))
    expect(yield* Fiber.join(read)).toMatchObject({ _tag: "Failure" })
    expect(broke).toHaveLength(1)
  }),
)

const following = { uri: "far://x", variables: {} }

effect(
  "changes that nobody takes are told once, and the end comes after them",
  Effect.gen(function* () {
    const { far, remote } = yield* meet({})
    const count = yield* Effect.forkScoped(Stream.runCount(remote.follow(following)))
    const follow = yield* far.hear
    expect(follow).toMatchObject({ method: "resource.follow", params: following })
    for (let times = 0; times < 1000; times++)
      far.say({ method: "resource.changed", params: { call: follow.params.call } })
    far.say(answer(follow, null))
    expect(yield* Fiber.join(count)).toBeLessThan(3)
  }),
)

effect(
  "whoever follows no more has the call ended",
  Effect.gen(function* () {
    const { far, remote } = yield* meet({})
    const first = yield* Effect.forkScoped(Stream.runHead(remote.follow(following)))
    const follow = yield* far.hear
    far.say({ method: "resource.changed", params: { call: follow.params.call } })
    yield* Fiber.join(first)
    expect(yield* far.hear).toMatchObject({ method: "$/cancel", params: { id: follow.id } })
  }),
)

effect(
  "what a plugin refuses to follow fails",
  Effect.gen(function* () {
    const { far, remote } = yield* meet({})
    const exit = yield* Effect.forkScoped(Effect.exit(Stream.runDrain(remote.follow(following))))
    far.say({ id: (yield* far.hear).id, error: { code: codes.unknown, message: noMethod.message } })
    expect(yield* Fiber.join(exit)).toEqual(Exit.fail(noMethod))
  }),
)
