import { expect } from "bun:test"
import { existsSync, statSync, writeFileSync } from "node:fs"
import { Deferred, Effect, Exit, Fiber, Layer, Queue, Schedule, Scope } from "effect"
import type { Caller } from "../../plugin/Operation.ts"
import { live, tempHome } from "../../testing/effect.ts"
import { failureOf, localDoor } from "../Call.ts"
import type { Door, HubUnreachable } from "../Door.ts"
import { described } from "../fixtures/described.ts"
import { acme, catalogueOf, handles } from "../fixtures/handles.ts"
import { connect } from "./Connect.ts"
import { answers, Nobody, open } from "./Link.ts"
import { listen } from "./Listen.ts"
import { PROTOCOL } from "./Protocol.ts"

const caller: Caller = { door: "cli", client: "test", cwd: "/tmp" }
const door = localDoor({ current: Effect.succeed(catalogueOf([...handles(), ...acme()])) })

const listening = (door: Door, path: string) =>
  listen({ door, path, version: "1.2.3", mcp: () => Effect.void })

const serving = (own: Door = door) =>
  Effect.gen(function* () {
    const path = `${yield* tempHome}/hub.sock`
    yield* listening(own, path)
    return { path, far: yield* connect(path) }
  })

live(
  "a door through the socket is the same as the door itself",
  Layer.empty,
  Effect.gen(function* () {
    const { far, path } = yield* serving()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(yield* far.operations).toEqual(yield* door.operations)
    expect(yield* far.call("list_pipelines", {}, caller)).toEqual(
      yield* door.call("list_pipelines", {}, caller),
    )
    for (const [name, input] of [
      ["acme_refuse", {}],
      ["acme_status", { count: "x", y: 1 }],
      ["nope", {}],
    ] as const) {
      const [near, there] = yield* Effect.all([
        Effect.exit(door.call(name, input, caller)),
        Effect.exit(far.call(name, input, caller)),
      ])
      expect(failureOf(there)).toEqual(failureOf(near)!)
    }
  }),
)

live(
  "prompts of 2 MB pass, and bodies above the limit do not",
  Layer.empty,
  Effect.gen(function* () {
    const { far } = yield* serving()
    const prompt = '"\u0000ü'.repeat(500_000)
    expect((yield* far.call("dispatch", { prompt }, caller)).output).toEqual({
      run_id: "ok",
      state: "queued",
    })
    const much = yield* Effect.exit(far.call("dispatch", { prompt: "x".repeat(21_000_000) }, caller))
    expect(failureOf(much)?.code).toBe("invalid")
    expect((yield* far.call("dispatch", { prompt: "ok" }, caller)).output).toEqual({
      run_id: "ok",
      state: "queued",
    })
  }),
)

live(
  "a client that hangs up ends its call",
  Layer.empty,
  Effect.gen(function* () {
    const started = yield* Deferred.make<void>()
    const ended = yield* Deferred.make<void>()
    const waiting: Door = {
      operations: door.operations,
      call: () =>
        Deferred.succeed(started, undefined).pipe(
          Effect.andThen(Effect.never),
          Effect.onInterrupt(() => Deferred.succeed(ended, undefined)),
        ),
    }
    const { far } = yield* serving(waiting)
    const fiber = yield* Effect.forkChild(far.call("check_dispatch", {}, caller))
    yield* Deferred.await(started)
    yield* Fiber.interrupt(fiber)
    yield* Deferred.await(ended)
  }),
)

live(
  "a second hub does not take a socket that answers, and takes one that does not",
  Layer.empty,
  Effect.gen(function* () {
    const { path } = yield* serving()
    expect(failureTag(yield* Effect.exit(listening(door, path)))).toBe("SocketTaken")
    expect((yield* connect(path)).call).toBeFunction()

    const stale = `${yield* tempHome}/hub.sock`
    yield* Effect.promise(() => leaveStale(stale))
    expect(existsSync(stale)).toBe(true)
    expect(failureTag(yield* Effect.exit(connect(stale)))).toBe("HubUnreachable")
    yield* listening(door, stale)
    expect((yield* connect(stale)).call).toBeFunction()
  }),
)

live(
  "a hub that goes before it lets in who has found it counts as none",
  Layer.empty,
  Effect.gen(function* () {
    const path = `${yield* tempHome}/hub.sock`
    const goes = <A>(ask: () => Promise<A>): Promise<A> => {
      const listener = Bun.listen({ unix: path, socket: { data() {} } })
      const asked = ask()
      listener.stop(true)
      return asked
    }
    expect(yield* Effect.promise(() => goes(() => answers(path)))).toBe(false)
    const hello = { protocol: PROTOCOL, kind: "calls", version: "1" } as const
    const hearing = { line: () => {}, tooLong: () => {}, lost: () => {} }
    const found = goes(() => open(path, hello, hearing).catch((cause: unknown) => cause))
    expect(yield* Effect.promise(() => found)).toBeInstanceOf(Nobody)
  }),
)

live(
  "what is no socket is left alone",
  Layer.empty,
  Effect.gen(function* () {
    const path = `${yield* tempHome}/hub.sock`
    writeFileSync(path, "precious")
    expect(failureTag(yield* Effect.exit(listening(door, path)))).toBe("SocketTaken")
    expect(existsSync(path)).toBe(true)
  }),
)

live(
  "the socket goes with its scope",
  Layer.empty,
  Effect.gen(function* () {
    const path = `${yield* tempHome}/hub.sock`
    const scope = yield* Scope.make()
    yield* Scope.provide(listening(door, path), scope)
    const far = yield* connect(path)
    yield* Scope.close(scope, Exit.void)
    expect(existsSync(path)).toBe(false)
    expect(failureOf(yield* Effect.exit(far.call("list_agents", {}, caller)))?.code).toBe("unavailable")
  }),
)

const failureTag = (exit: Exit.Exit<unknown, { readonly _tag: string }>): string | undefined =>
  Exit.isFailure(exit)
    ? exit.cause.reasons.map((reason) => (reason._tag === "Fail" ? reason.error._tag : "?"))[0]
    : undefined

/** As a hub leaves it that was killed. */
const leaveStale = async (path: string): Promise<void> => {
  const code = `Bun.serve({ unix: ${JSON.stringify(path)}, fetch: () => new Response() }); console.log("up")`
  const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe", stderr: "ignore" })
  await child.stdout.getReader().read()
  child.kill("SIGKILL")
  await child.exited
}

live(
  "when a hub ends, a change is finished there, and whoever looks is answered by the next hub",
  Layer.empty,
  Effect.gen(function* () {
    const path = `${yield* tempHome}/hub.sock`
    const begun = yield* Queue.unbounded<string>()
    const finish = yield* Deferred.make<void>()
    const operations = Effect.succeed([described("look", true), described("change", false)])
    const ending: Door = {
      operations,
      call: (name) =>
        Effect.gen(function* () {
          yield* Queue.offer(begun, name)
          yield* name === "look" ? Effect.never : Deferred.await(finish)
          return { output: `${name} here` }
        }),
    }
    const next: Door = { operations, call: (name) => Effect.succeed({ output: `${name} there` }) }
    const scope = yield* Scope.make()
    yield* Scope.provide(listening(ending, path), scope)
    const far = yield* connect(path, Effect.succeed(next))
    const look = yield* Effect.forkChild(far.call("look", {}, caller))
    const change = yield* Effect.forkChild(far.call("change", {}, caller))
    expect([yield* Queue.take(begun), yield* Queue.take(begun)].sort()).toEqual(["change", "look"])
    const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
    expect((yield* Fiber.join(look)).output).toBe("look there")
    yield* Deferred.succeed(finish, undefined)
    expect((yield* Fiber.join(change)).output).toBe("change here")
    yield* Fiber.join(closing)
    expect((yield* far.call("change", {}, caller)).output).toBe("change there")
  }),
)

live(
  "when a hub breaks, what changes something is not asked again; what looks is",
  Layer.empty,
  Effect.gen(function* () {
    const path = `${yield* tempHome}/hub.sock`
    const asked: Array<string> = []
    // It takes the request and hangs up, as a hub does that is killed.
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        Bun.listen({
          unix: path,
          socket: {
            data(socket, bytes) {
              if (String(bytes).includes("hello"))
                return void socket.write(
                  `${JSON.stringify({ welcome: { protocol: PROTOCOL, version: "1", pid: 1, repeatable: ["look"] } })}\n`,
                )
              asked.push(/"name":"(\w+)"/.exec(String(bytes))?.[1] ?? "")
              socket.terminate()
            },
          },
        }),
      ),
      (server) => Effect.sync(() => server.stop(true)),
    )
    const operations = Effect.succeed([described("look", true), described("change", false)])
    const next: Door = { operations, call: (name) => Effect.succeed({ output: `${name} there` }) }
    const change = yield* Effect.exit((yield* connect(path, Effect.succeed(next))).call("change", {}, caller))
    expect(failureOf(change)).toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("went away"),
    })
    const look = yield* (yield* connect(path, Effect.succeed(next))).call("look", {}, caller)
    expect(look.output).toBe("look there")
    expect(asked).toEqual(["change", "look", "look"])
  }),
)

live(
  "a hub that was started again at the same place is found again, with the same key for the same call",
  Layer.empty,
  Effect.gen(function* () {
    const path = `${yield* tempHome}/hub.sock`
    const keys: Array<string | undefined> = []
    const begun = yield* Queue.unbounded<void>()
    const own = (call: Door["call"]): Door => ({
      operations: Effect.succeed([{ ...described("dispatch", false), idempotent: true }]),
      call: (name, input, from) => {
        keys.push(from.call_key)
        return Effect.andThen(Queue.offer(begun, undefined), call(name, input, from))
      },
    })
    const first = yield* Scope.make()
    yield* Scope.provide(
      listening(
        own(() => Effect.never),
        path,
      ),
      first,
    )
    const find: Effect.Effect<Door, HubUnreachable> = Effect.suspend(() => connect(path, find)).pipe(
      Effect.retry({ times: 1_000, schedule: Schedule.spaced("5 millis") }),
    )
    const far = yield* find
    const call = yield* Effect.forkChild(far.call("dispatch", {}, caller))
    yield* Queue.take(begun)
    const closing = yield* Effect.forkChild(Scope.close(first, Exit.void))
    // The old one takes its name away before the new one puts its own there.
    yield* Effect.promise(() => gone(path))
    yield* listening(
      own(() => Effect.succeed({ output: "second" })),
      path,
    )
    expect((yield* Fiber.join(call)).output).toBe("second")
    expect(keys.length).toBe(2)
    expect(keys[0]).toBe(keys[1]!)
    yield* Fiber.join(closing)
    expect(existsSync(path)).toBe(true)
    expect((yield* far.call("dispatch", {}, caller)).output).toBe("second")
    expect(keys[2]).not.toBe(keys[0])
  }),
)

const gone = async (path: string): Promise<void> => {
  while (existsSync(path)) await Bun.sleep(0)
}
