/** Completion in bash, zsh and fish: the shell asks a hidden command, which answers fast or not at all. */
import { Effect, Schema } from "effect"
import * as PluginField from "../../plugin/Field.ts"
import { safe } from "../Terminal.ts"
import { globalFields } from "./Flags.ts"
import { type Command, type Context, extra, type Field } from "./Command.ts"
import { below, find } from "./Find.ts"

const SCRIPTS = {
  bash: `_hub() {
  local line words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do COMPREPLY+=("\${line%%$'\\t'*}"); done < <(hub __complete -- "\${words[@]}" 2>/dev/null)
  if [ \${#COMPREPLY[@]} -gt 0 ]; then
    local word; COMPREPLY=( $(for word in "\${COMPREPLY[@]}"; do case "$word" in "\${COMP_WORDS[COMP_CWORD]}"*) printf '%s\\n' "$word";; esac; done) )
  fi
}
complete -o default -F _hub hub
`,
  zsh: `#compdef hub
_hub() {
  local -a lines described
  local line
  lines=("\${(@f)$(hub __complete -- "\${words[@]:1:$((CURRENT-1))}" 2>/dev/null)}")
  for line in $lines; do described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}"); done
  if (( \${#described} )); then _describe hub described; else _files; fi
}
if [ "$funcstack[1]" = "_hub" ]; then _hub "$@"; else compdef _hub hub; fi
`,
  fish: `function __hub_complete
  set -l words (commandline -opc) (commandline -ct)
  hub __complete -- $words[2..-1] 2>/dev/null
end
complete -c hub -f -n 'test (count (__hub_complete)) -gt 0' -a '(__hub_complete)'
`,
}

export const completion: Command = extra({
  path: ["completion"],
  summary: "Prints the script that completes hub's commands in your shell.",
  input: Schema.Struct({
    shell: PluginField.required(Schema.Literals(["bash", "zsh", "fish"]), "Your shell."),
  }),
  positional: ["shell"],
  examples: [
    'eval "$(hub completion bash)"    # in ~/.bashrc',
    'eval "$(hub completion zsh)"     # in ~/.zshrc, after compinit',
    "hub completion fish > ~/.config/fish/completions/hub.fish",
  ],
  speaks: true,
  run: ({ shell }) =>
    Effect.succeed({ output: { shell, script: SCRIPTS[shell] }, text: SCRIPTS[shell].trimEnd() }),
})

/** `hub __complete -- WORDS`: one candidate a line, and after a tab what it is. The last word is the one being typed. */
export const completing = (commands: ReadonlyArray<Command>): Command => ({
  ...extra({
    path: ["__complete"],
    summary: "Answers a shell that completes.",
    input: Schema.Struct({
      words: PluginField.withDefault(Schema.Array(Schema.String), [], "What is typed so far."),
    }),
    positional: ["words"],
    hidden: true,
    speaks: true,
    run: ({ words }, context) =>
      Effect.map(candidates(commands, words, context), (found) => ({
        output: found,
        text: found.map(({ text, what }) => `${safe(text)}\t${safe(what).replace(/\s+/g, " ")}`).join("\n"),
      })),
  }),
})

interface Candidate {
  readonly text: string
  readonly what: string
}

const candidates = Effect.fnUntraced(function* (
  commands: ReadonlyArray<Command>,
  words: ReadonlyArray<string>,
  context: Context,
) {
  const typed = words.at(-1) ?? ""
  const found = find(commands, words.slice(0, -1))
  const previous = words.at(-2) ?? ""
  const asked = found.command === undefined ? undefined : valued(found.command, previous)
  const all =
    found.command === undefined || (found.isGroup && found.rest.length === 0)
      ? nextWords(commands, found.words)
      : asked !== undefined
        ? yield* valuesOf(asked, context)
        : typed.startsWith("-")
          ? flagsOf(found.command)
          : yield* placeOf(found.command, found.rest, context)
  return all.filter(({ text }) => text.startsWith(typed))
})

const nextWords = (
  commands: ReadonlyArray<Command>,
  words: ReadonlyArray<string>,
): ReadonlyArray<Candidate> => {
  const inside = below(commands, words).filter(({ hidden }) => !hidden)
  const next = new Map<string, string>()
  for (const { path, summary } of inside) {
    const word = path[words.length] ?? ""
    const isLast = path.length === words.length + 1
    if (isLast || !next.has(word)) next.set(word, isLast ? summary : `${words.concat(word).join(" ")} …`)
  }
  return [...next].map(([text, what]) => ({ text, what }))
}

const flagsOf = ({ fields, positional }: Command): ReadonlyArray<Candidate> =>
  [...fields().filter(({ name }) => !positional.includes(name)), ...globalFields].map(
    ({ description, flag }) => ({
      text: `--${flag}`,
      what: description,
    }),
  )

/** The field whose value comes after this flag. */
const valued = ({ fields }: Command, flag: string): Field | undefined =>
  [...fields(), ...globalFields].find(
    (field) => field.kind !== "boolean" && (flag === `--${field.flag}` || flag === `-${field.alias}`),
  )

const placeOf = (command: Command, rest: ReadonlyArray<string>, context: Context) => {
  const at = Math.min(rest.filter((word) => !word.startsWith("-")).length, command.positional.length - 1)
  const field = command.fields().find(({ name }) => name === command.positional[at])
  return field === undefined ? Effect.succeed([]) : valuesOf(field, context)
}

/** Where names come from: the operation that lists them, the list in its answer, the name and what to say of it. */
const NAMES: Readonly<Record<string, readonly [string, string, string, string]>> = {
  agent: ["list_agents", "agents", "id", "summary"],
  fallback: ["list_agents", "agents", "id", "summary"],
  pipeline: ["list_pipelines", "pipelines", "id", "description"],
  pipelines: ["list_pipelines", "pipelines", "id", "description"],
  project: ["list_projects", "projects", "name", "path"],
  plugin: ["list_plugins", "plugins", "instance", "summary"],
  run_id: ["list_dispatches", "runs", "run_id", "prompt"],
}

const valuesOf = (field: Field, context: Context): Effect.Effect<ReadonlyArray<Candidate>> => {
  if (field.options.length > 0) return Effect.succeed(field.options.map((text) => ({ text, what: "" })))
  const source = NAMES[field.name]
  if (source === undefined) return Effect.succeed([])
  const [operation, list, name, about] = source
  return Effect.scoped(
    Effect.flatMap(context.door("look"), (door) => door.call(operation, {}, context.caller)),
  ).pipe(
    Effect.timeout("1 second"),
    Effect.map(({ output }) =>
      rowsOf(output, list).map((row) => ({ text: String(row[name] ?? ""), what: String(row[about] ?? "") })),
    ),
    Effect.orElseSucceed(() => []),
  )
}

const rowsOf = (output: unknown, list: string): ReadonlyArray<Readonly<Record<string, unknown>>> => {
  const rows = (output as Readonly<Record<string, unknown>> | null)?.[list]
  return Array.isArray(rows) ? (rows as ReadonlyArray<Readonly<Record<string, unknown>>>) : []
}
