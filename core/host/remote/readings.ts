/** Resources and prompts of a plugin behind a wire. */
import { type Effect, Stream } from "effect"
import type { PromptHandle, ResourceHandle } from "../../plugin/Catalogue.ts"
import { quiet } from "../Border.ts"
import { endingQuietly } from "../handles/kinds.ts"
import type { Offer } from "../Offer.ts"
import { fromJson, Replies } from "../Wire.ts"
import { type Far, meant, operatingCall } from "./answers.ts"

type One<K extends "resources" | "prompts"> = NonNullable<Offer[K]>[number]

export const resource = (far: Far, offered: One<"resources">): ResourceHandle => {
  const { border, remote } = far
  const { mime, name, summary, title, uri } = offered
  const what = `resource "${uri}"`
  return {
    plugin: border.plugin,
    uri,
    name,
    title,
    summary,
    mime,
    read: (variables, caller, talk) =>
      remote.withTalk(talk, (call) =>
        operatingCall(
          far,
          what,
          remote.call("resource.read", { uri, variables, caller, call }, border.limits.answer),
          Replies.read,
        ),
      ),
    changes:
      offered.changes === true
        ? (variables) =>
            endingQuietly(border, `changes of ${what}`, Stream.orDie(remote.follow({ uri, variables })))
        : undefined,
    complete:
      offered.complete === true
        ? (variable, typed) =>
            completions(far, `completion of ${what}`, "resource.complete", { uri, variable, typed })
        : undefined,
  }
}

export const prompt = (far: Far, offered: One<"prompts">): PromptHandle => {
  const { border, remote } = far
  const { name, summary, title } = offered
  const what = `prompt "${name}"`
  return {
    plugin: border.plugin,
    name,
    title,
    summary,
    arguments: fromJson(offered.arguments),
    render: (args, talk) =>
      remote.withTalk(talk, (call) =>
        operatingCall(
          far,
          what,
          remote.call("prompt.render", { prompt: name, arguments: args, call }, border.limits.answer),
          Replies.said,
        ),
      ),
    complete:
      offered.complete === true
        ? (argument, typed, others) =>
            completions(far, `completion of ${what}`, "prompt.complete", {
              prompt: name,
              argument,
              typed,
              others,
            })
        : undefined,
  }
}

/** What cannot be completed has no completions. */
const completions = (
  { border, remote }: Far,
  what: string,
  method: string,
  params: object,
): Effect.Effect<ReadonlyArray<string>> =>
  quiet<ReadonlyArray<string>>(
    border,
    what,
    () => meant(remote.call(method, params, border.limits.answer), Replies.completions),
    () => [],
  )
