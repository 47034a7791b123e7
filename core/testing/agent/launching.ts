/** How an adapter starts its program, whatever the prompt. */
import { strict as assert } from "node:assert"
import { Effect } from "effect"
import { requestOf } from "../request.ts"
import type { Check, Subject } from "./Subject.ts"

/** Longest single argument on Linux. */
const MAX_ARGUMENT = 128 * 1024

const prompts: Readonly<Record<string, string>> = {
  "a prompt": "Say hello.",
  "an empty prompt": "",
  "a prompt that looks like a flag": "--help",
  "a prompt with quotes, newlines and unicode": "'\"`$(id)`\n\u{1f600} ü\n",
  "a prompt of 2 MB": "x".repeat(2 * 1024 * 1024),
}

export const launching = (agent: Subject): ReadonlyArray<Check> =>
  Object.entries(prompts).map(([name, prompt]) => ({
    name: `${name} is launched, or refused with a Failure`,
    run: launches(agent, prompt),
  }))

const launches = (agent: Subject, prompt: string) =>
  Effect.gen(function* () {
    const [first, second] = yield* Effect.all([
      Effect.result(agent.launch(requestOf({ prompt }))),
      Effect.result(agent.launch(requestOf({ prompt }))),
    ])
    if (first._tag === "Failure") return
    assert.deepEqual(first, second, "two launches of one request differ")
    const launch = first.success
    assert(launch.program !== "", "no program")
    assert.equal(agent.program ?? launch.program, launch.program, "it starts another program than it says")
    assert(
      launch.args.every((arg) => typeof arg === "string" && !arg.includes("\0")),
      "an argument is no text, or holds NUL",
    )
    const longest = launch.args.find((arg) => Buffer.byteLength(arg) >= MAX_ARGUMENT)
    assert(
      longest === undefined,
      "an argument is longer than 128 KB, which Linux refuses: hand the prompt over by stdin or file",
    )
    const bare =
      prompt.startsWith("-") &&
      launch.args.indexOf(prompt) > 0 &&
      !launch.args.includes("--") &&
      !launch.args[launch.args.indexOf(prompt) - 1]?.startsWith("-")
    assert(
      !bare,
      `the prompt ${prompt} would be read as a flag: put "--" before it, or hand it over by stdin`,
    )
  })
