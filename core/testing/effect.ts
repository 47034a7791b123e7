/** `bun test` for effects: a test is an effect with a scope, under the test clock or with real services. */
import { test } from "./collect.ts"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Effect, Layer, References, type Scope } from "effect"
import { TestClock, TestConsole } from "effect/testing"

const simulated = Layer.mergeAll(TestClock.layer(), TestConsole.layer)

/** Time stands still until `TestClock.adjust`; what is written to the console is kept. `timeout` in milliseconds. */
export const effect = <A, E>(name: string, body: Effect.Effect<A, E, Scope.Scope>, timeout?: number): void =>
  test(name, () => run(Effect.provide(Effect.scoped(body), simulated)), timeout)

/** Real clock, with the services of `layer`, built anew for this test and released after it. `timeout` in milliseconds. */
export const live = <R, LE, A, E>(
  name: string,
  layer: Layer.Layer<R, LE>,
  body: Effect.Effect<A, E, R | Scope.Scope>,
  timeout?: number,
): void =>
  test(name, () => run(Effect.scoped(Effect.provide(body, Layer.provideMerge(layer, quiet)))), timeout)

/** What goes as it should is not for who reads the output of tests. */
const quiet = Layer.succeed(References.MinimumLogLevel, "Warn")

/** A new folder of mode 0700, as HUB_HOME or for anything else, removed with its content when the scope closes. */
export const tempHome: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "hub-test-")))),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true })),
)

const run = <A, E>(body: Effect.Effect<A, E>): Promise<void> => Effect.runPromise(Effect.asVoid(body))
