/** What the log says of a run. */
import { expect } from "bun:test"
import * as fs from "node:fs"
import { Duration, Effect, Layer } from "effect"
import * as Log from "../live/Log.ts"
import { about } from "../services/Log.ts"
import { Home } from "../services/Home.ts"
import { live } from "../testing/effect.ts"
import { hub, shell } from "../testing/hub.ts"
import { Dispatch } from "./Dispatch.ts"

const rooms = hub({
  agents: [shell("first", "echo FAIL rate_limited slow down"), shell("second", "echo hello")],
})

live(
  "each line of a run has its id, its client and the attempt, and nothing of the call that it came by",
  Log.file.pipe(Layer.provideMerge(Log.atLeast(undefined, "info")), Layer.provideMerge(rooms)),
  Effect.gen(function* () {
    const dispatch = yield* Dispatch
    const { logs, path } = yield* Home
    const request = { prompt: "do it", cwd: path, agent: "first", fallback: ["second"] }
    const { run_id } = yield* dispatch
      .accept(request, { door: "http", client: "acme 1.0" })
      .pipe(about({ component: "edge", door: "http", operation: "dispatch" }))
    yield* dispatch.check(run_id, Duration.seconds(20))
    const lines = fs.readFileSync(`${logs}/hub.log`, "utf8").trimEnd().split("\n")
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(
      told.map(({ agent, attempt, class: class_, message }) => [message, attempt, agent, class_]),
    ).toEqual([
      ["run starts", undefined, undefined, undefined],
      ["attempt starts", 1, "first", undefined],
      ["attempt failed", 1, "first", "rate_limited"],
      ["attempt starts", 2, "second", undefined],
      ["attempt succeeded", 2, "second", undefined],
      ["run succeeded", undefined, undefined, undefined],
    ])
    for (const line of told) {
      expect(line).toMatchObject({ level: "info", component: "dispatch", run: run_id, client: "acme 1.0" })
      expect(Object.keys(line)).not.toContain("door")
    }
  }),
)
