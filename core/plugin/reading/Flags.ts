/** What the usual libraries for command lines say of a flag that a program does not know. */
import { type Failure, of as failureOf } from "../Failure.ts"

const unknown: ReadonlyArray<RegExp> = [
  // commander
  /^(?:error: )?unknown option '?(--?[\w-]+)/i,
  // clap
  /^error: (?:unexpected argument|invalid value .* for) '(--?[\w-]+)/,
  // yargs, without its dashes
  /^Unknown arguments?: ([\w-]+)/,
]

/** The first flag that was not taken, as an `adapter_mismatch`. `program`: what people call it. */
export const unknownFlag = (program: string, lines: ReadonlyArray<string>): Failure | undefined => {
  const found = lines.map(flagIn).find((flag) => flag !== undefined)
  return found === undefined
    ? undefined
    : failureOf(
        "adapter_mismatch",
        `${program} does not take ${found}. \`hub doctor agents\` compares versions.`,
      )
}

const flagIn = (line: string): string | undefined => {
  const flag = unknown.map((words) => words.exec(line)?.[1]).find((one) => one !== undefined)
  return flag === undefined || flag.startsWith("-") ? flag : `--${flag}`
}
