/** Whether the parts of a config fit each other. */
import type { Fields } from "./Config.ts"
import * as Template from "./Template.ts"

/** The variables that a program gets. */
export const used = ({ args, env }: Fields): ReadonlySet<string> =>
  new Set([...args.flat(), ...Object.values(env)].flatMap(Template.gaps))

export const complaints = (config: Fields) => {
  const names = used(config)
  const inArgs = new Set(config.args.flat().flatMap(Template.gaps))
  const placed = config.args.some(
    (argument) => typeof argument === "string" && Template.isPermission(argument),
  )
  const found: Array<{ readonly path: ReadonlyArray<string>; readonly issue: string }> = []
  const say = (wrong: boolean, key: string, issue: string) => wrong && found.push({ path: [key], issue })
  say(
    config.prompt === "argument" && !inArgs.has("prompt"),
    "args",
    'lacks "{{ prompt }}", and prompt = "argument"',
  )
  say(
    config.prompt === "file" && !inArgs.has("prompt_file"),
    "args",
    'lacks "{{ prompt_file }}", and prompt = "file"',
  )
  say(
    config.prompt !== "argument" && names.has("prompt"),
    "prompt",
    `is ${JSON.stringify(config.prompt)}, so {{ prompt }} never has a value`,
  )
  say(
    config.prompt === "stdin" && names.has("prompt_file"),
    "prompt",
    'is "stdin", so {{ prompt_file }} never has a value',
  )
  say(
    Object.keys(config.permission).length > 0 && !placed,
    "args",
    'lacks "{{ permission }}": where shall the permission flags stand?',
  )
  say(
    placed && Object.keys(config.permission).length === 0,
    "permission",
    "is empty, and args has {{ permission }}",
  )
  say(
    config.model !== undefined && !names.has("model"),
    "model",
    "is never handed over: args has no {{ model }}",
  )
  say(config.output === "text" && config.event.length > 0, "event", 'has no meaning for output = "text"')
  say(
    config.output === "text" && config.failure.some((rule) => rule.when !== undefined),
    "failure",
    'has a rule with when, which needs output = "json-lines" or "json"',
  )
  say(
    config.output !== "text" && config.event.length === 0,
    "event",
    `is empty: say which object of the ${config.output} output is the answer`,
  )
  return found
}
