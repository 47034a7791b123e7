/** What `--help` says, for a program: every command with its flags and arguments. */
import type { Command, Field } from "./Command.ts"
import { globalFields } from "./Flags.ts"

/** `flags` of the document itself are those of every command. */
export const helpDocument = (commands: ReadonlyArray<Command>, version: string) => ({
  version,
  commands: commands.filter(({ hidden }) => !hidden).map(commandDocument),
  flags: globalFields.map(flagDocument),
})

const commandDocument = ({ examples, fields: own, path, plugin, positional, summary }: Command) => {
  const fields = own()
  return {
    path,
    summary,
    plugin,
    positionals: positional.flatMap((name) => fields.filter((one) => one.name === name)).map(valueDocument),
    flags: fields.filter(({ name }) => !positional.includes(name)).map(flagDocument),
    examples,
  }
}

const flagDocument = (field: Field) => ({
  ...valueDocument(field),
  flag: `--${field.flag}`,
  ...(field.alias === undefined ? {} : { alias: `-${field.alias}` }),
})

const valueDocument = ({ description, item, kind, name, options, required, schema }: Field) => ({
  name,
  type: kind,
  ...(kind === "list" ? { items: item } : {}),
  ...(options.length === 0 ? {} : { options }),
  required,
  ...(schema["default"] === undefined ? {} : { default: schema["default"] }),
  description,
})
