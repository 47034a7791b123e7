import { describe, expect } from "bun:test"
import { Effect } from "effect"
import { effect } from "../testing/effect.ts"
import { checkInput } from "./Input.ts"
import type { InputSpec, Plan } from "./Plan.ts"

const spec = (type: InputSpec["type"], more: Partial<InputSpec> = {}): InputSpec => ({
  type,
  required: false,
  description: undefined,
  default: undefined,
  ...more,
})
const plan = (inputs: Readonly<Record<string, InputSpec>>): Pick<Plan, "id" | "inputs"> => ({
  id: "p",
  inputs: new Map(Object.entries(inputs)),
})
const required = { required: true }

const refusal = (inputs: Readonly<Record<string, InputSpec>>, given: Record<string, unknown>, prompt = "") =>
  Effect.map(Effect.flip(checkInput(plan(inputs), given, prompt)), ({ problems }) => problems)

describe("the inputs of a run", () => {
  effect(
    "are read from what the command line gives",
    Effect.gen(function* () {
      const declared = plan({ n: spec("number"), b: spec("boolean"), l: spec("list"), s: spec("string") })
      const given = { n: "3.5", b: "true", l: " a, b,,c ", s: "3" }
      expect(yield* checkInput(declared, given, "")).toEqual({ n: 3.5, b: true, l: ["a", "b", "c"], s: "3" })
      const typed = { n: 2, b: false, l: ["x"], s: "" }
      expect(yield* checkInput(declared, typed, "")).toEqual(typed)
    }),
  )

  effect(
    "have defaults",
    Effect.gen(function* () {
      const declared = plan({
        a: spec("string", { default: "x" }),
        b: spec("number", { default: 1 }),
        c: spec("string"),
      })
      expect(yield* checkInput(declared, { b: 2 }, "")).toEqual({ a: "x", b: 2 })
    }),
  )

  effect(
    "are refused with everything that is wrong, and how to give them",
    Effect.gen(function* () {
      const declared = {
        task: spec("string", { ...required, description: "What to do." }),
        level: spec("number", required),
        deep: spec("boolean"),
        files: spec("list"),
      }
      expect(yield* refusal(declared, { tsk: 1, deep: "yes", files: [1], level: " " })).toEqual([
        'no input "tsk". Did you mean "task"? Known: task, level, deep, files.',
        'input "task" is required (What to do.): give it as the prompt, or with --input task=…',
        'input "level" must be a number, got " "',
        'input "deep" must be true or false, got "yes"',
        'input "files" must be a list of strings, got [1]',
      ])
      expect(yield* refusal({}, { x: 1 })).toEqual(['no input "x". None are known.'])
    }),
  )

  effect(
    "take the prompt as task, else as prompt, else as the only required string that is missing",
    Effect.gen(function* () {
      const task = plan({ task: spec("string"), prompt: spec("string"), other: spec("string", required) })
      expect(yield* checkInput(task, { other: "o" }, "P")).toEqual({ task: "P", other: "o" })
      expect(yield* checkInput(task, { other: "o", task: "T" }, "P")).toEqual({ task: "T", other: "o" })
      expect(yield* checkInput(plan({ prompt: spec("string") }), {}, "P")).toEqual({ prompt: "P" })
      const goal = { goal: spec("string", required), place: spec("string", required), note: spec("string") }
      expect(yield* checkInput(plan(goal), { place: "x" }, "P")).toEqual({ goal: "P", place: "x" })
      expect(yield* refusal(goal, {}, "P")).toEqual([
        'input "goal" is required: give it with --input goal=…',
        'input "place" is required: give it with --input place=…',
      ])
      expect(yield* checkInput(plan({ note: spec("string") }), {}, "P")).toEqual({})
    }),
  )
})
