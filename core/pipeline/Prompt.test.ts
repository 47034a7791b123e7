/** What a client's user is asked for, and what its model is told then. */
import { describe, expect } from "bun:test"
import { Effect } from "effect"
import { planOf } from "../testing/catalogue.ts"
import { effect } from "../testing/effect.ts"
import * as Prompt from "./Prompt.ts"

const step = '[step.a]\ntype = "agent"\nagent = "claude"\nprompt = "x"\n'

const offered = Effect.fnUntraced(function* (tables: string, description = 'description = "Does it."\n') {
  const { prompt, ...plan } = yield* planOf({ it: `${description}run = ["a"]\n${tables}\n${step}` })
  if (prompt === undefined) throw new Error("not offered")
  return { ...plan, prompt } satisfies Prompt.Offered
})

/** The request that stands in the message, and the words before and after it. */
const told = Effect.fnUntraced(function* (offer: Prompt.Offered, args: Prompt.Arguments) {
  const text = yield* Prompt.message(offer, args)
  const [from, to] = [text.indexOf("\n{"), text.indexOf("\n}") + 2]
  return {
    before: text.slice(0, from),
    request: JSON.parse(text.slice(from, to)) as unknown,
    after: text.slice(to),
  }
})

const task = '[input.task]\ntype = "string"\nrequired = true\ndescription = "What to do."\n'
const hard = '[input.hard]\ntype = "boolean"\ndefault = false\ndescription = "Known to be hard."\n'

describe("the request", () => {
  effect(
    "the input that a prompt fills is the prompt; the others are inputs of their types",
    Effect.gen(function* () {
      const offer = yield* offered(`[prompt]\n${hard}${task}`)
      const { after, before, request } = yield* told(offer, { task: 'add "a" flag\n```', hard: "true" })
      expect(request).toEqual({ pipeline: "it", prompt: 'add "a" flag\n```', input: { hard: true } })
      expect(before).toStartWith("Does it.")
      expect(before).toContain("`dispatch`")
      expect(after).toContain("`cwd`")
      expect(after).toContain("`check_dispatch`")
    }),
  )

  effect(
    "a place that is given is not asked for again, and what is empty is not given",
    Effect.gen(function* () {
      const offer = yield* offered(`[prompt]\n${hard}${task}`)
      const { after, request } = yield* told(offer, { task: "x", hard: "", project: "shop", cwd: "" })
      expect(request).toEqual({ pipeline: "it", prompt: "x", project: "shop" })
      expect(after).not.toContain("cwd")
    }),
  )

  effect(
    "an input that is left out is not filled by what stands for the prompt",
    Effect.gen(function* () {
      const optional = yield* offered('[prompt]\nsummary = "Sums up."\n[input.task]\ntype = "string"\n')
      expect((yield* told(optional, {})).request).toEqual({
        pipeline: "it",
        prompt: "Sums up.",
        input: { task: "" },
      })
      const standard = yield* offered('[prompt]\n[input.task]\ntype = "string"\ndefault = "all"\n')
      expect((yield* told(standard, {})).request).toMatchObject({
        prompt: "Does it.",
        input: { task: "all" },
      })
    }),
  )

  effect(
    "where no input takes the prompt there is an argument for it, unless an input has its name",
    Effect.gen(function* () {
      const without = yield* offered('[prompt]\n[input.focus]\ntype = "list"\n')
      expect(Prompt.argumentsOf(without).map(({ name }) => name)).toEqual([
        "focus",
        "prompt",
        "project",
        "cwd",
      ])
      expect((yield* told(without, { prompt: "look", focus: "a, b" })).request).toEqual({
        pipeline: "it",
        prompt: "look",
        input: { focus: ["a", "b"] },
      })
      const taken = yield* offered(
        '[prompt]\n[input.prompt]\ntype = "number"\n[input.cwd]\ntype = "string"\n',
      )
      expect(Prompt.argumentsOf(taken).map(({ name }) => name)).toEqual(["prompt", "cwd", "project"])
      expect((yield* told(taken, { prompt: "3", cwd: "x" })).request).toEqual({
        pipeline: "it",
        prompt: "Does it.",
        input: { prompt: 3, cwd: "x" },
      })
    }),
  )

  effect(
    "what a dispatch would refuse is refused here",
    Effect.gen(function* () {
      const offer = yield* offered(`[prompt]\n${hard}${task}`)
      const error = yield* Effect.flip(Prompt.message(offer, { hard: "maybe" }))
      expect(error.message).toContain('input "hard" must be true or false')
      expect(error.message).toContain('input "task" is required')
    }),
  )
})

describe("the words", () => {
  effect(
    "arguments stand in the text, with the defaults of those that were left out",
    Effect.gen(function* () {
      const offer = yield* offered(
        `[prompt]\ntext = "Read the issue first. {{ input.task }} ({{ input.hard }})"\n${hard}${task}`,
      )
      expect((yield* told(offer, { task: "Add {{ input.hard }}" })).before).toStartWith(
        "Read the issue first. Add {{ input.hard }} (false)",
      )
    }),
  )

  effect(
    "an argument says what it is for, of what form it is and what counts when it is left out; required ones come first",
    Effect.gen(function* () {
      const offer = yield* offered(`[prompt]\n${hard}${task}`)
      const [first, second, ...rest] = Prompt.argumentsOf(offer)
      expect(first).toMatchObject({ name: "task", description: "What to do.", required: true })
      expect(second).toMatchObject({
        name: "hard",
        description: "Known to be hard. true or false. false when left out.",
        required: false,
      })
      expect(rest.map(({ name }) => name)).toEqual(["project", "cwd"])
    }),
  )

  effect(
    "the title is the table's own, the summary else the pipeline's",
    Effect.gen(function* () {
      expect(Prompt.summaryOf(yield* offered("[prompt]"))).toBe("Does it.")
      expect(Prompt.summaryOf(yield* offered("[prompt]", ""))).toBe("Runs the pipeline it.")
      expect(Prompt.summaryOf(yield* offered('[prompt]\nsummary = "Own."'))).toBe("Own.")
    }),
  )
})
