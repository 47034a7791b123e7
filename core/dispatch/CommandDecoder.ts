/** Reads a command: no events of its own but its lines, and the tail of what it wrote as the answer. */
import { Effect } from "effect"
import * as Agent from "../plugin/Agent.ts"
import type { DecoderHandle } from "../plugin/Catalogue.ts"
import type { CommandResult } from "../plugin/Step.ts"
import { Tail } from "./Tail.ts"

/** As much as a prompt can carry along and a person reads. */
const most = 65_536

/** The result travels as the answer's `data`, with the output as its text. */
export const decoder = (): DecoderHandle => {
  const tails = { stdout: new Tail(most), stderr: new Tail(most) }
  return {
    may_skip: true,
    feed: (lines, stream) =>
      Effect.sync(() => {
        for (const line of lines) tails[stream].add(`${line}\n`)
        return lines.map((line) => Agent.output(line, stream))
      }),
    end: (exit) =>
      Effect.sync(() => {
        const output = `${tails.stdout.text}${tails.stderr.text}`.slice(-most)
        return { text: output, data: { code: exit.code, signal: exit.signal } }
      }),
  }
}

export const result = (answer: Agent.Answer): CommandResult => ({
  ...(answer.data as Pick<CommandResult, "code" | "signal">),
  output: answer.text,
})
