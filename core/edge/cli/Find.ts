/** Which command is meant: its words may stand among global flags. */
import { suggestion } from "../Nearest.ts"
import { globalFields, isFlag, scanned } from "./Flags.ts"
import type { Command } from "./Command.ts"

export interface Found {
  readonly command: Command | undefined
  /** The words that chose it, or that chose nothing. */
  readonly words: ReadonlyArray<string>
  /** Everything else, in its order. */
  readonly rest: ReadonlyArray<string>
  /** There are commands below these words. */
  readonly isGroup: boolean
}

export const find = (commands: ReadonlyArray<Command>, argv: ReadonlyArray<string>): Found => {
  const words: Array<string> = []
  const rest: Array<string> = []
  let at = 0
  for (; at < argv.length; at++) {
    const token = argv[at] ?? ""
    if (token === "--") break
    if (isFlag(token)) {
      rest.push(token)
      if (takesValue(token)) rest.push(...argv.slice(at + 1, ++at + 1))
      else if (!isGlobal(token) && words.length === 0) break
      continue
    }
    if (words.length > 0 && !starts(commands, [...words, token])) break
    words.push(token)
    if (commandAt(commands, words) !== undefined && !isLonger(commands, words)) {
      at++
      break
    }
  }
  return {
    command: commandAt(commands, words),
    words,
    rest: [...rest, ...argv.slice(at)],
    isGroup: words.length > 0 && isLonger(commands, words),
  }
}

/** A group, and no word behind it that names no command. */
export const isWholeGroup = (found: Found): boolean => found.isGroup && strays(found).length === 0

const strays = ({ rest }: Found): ReadonlyArray<string> =>
  scanned(globalFields, rest).words.map(({ text }) => text)

export const commandAt = (
  commands: ReadonlyArray<Command>,
  words: ReadonlyArray<string>,
): Command | undefined => commands.find(({ path }) => path.join(" ") === words.join(" "))

export const below = (
  commands: ReadonlyArray<Command>,
  words: ReadonlyArray<string>,
): ReadonlyArray<Command> =>
  commands.filter(
    ({ path }) => path.length > words.length && words.every((word, index) => path[index] === word),
  )

const starts = (commands: ReadonlyArray<Command>, words: ReadonlyArray<string>): boolean =>
  commandAt(commands, words) !== undefined || isLonger(commands, words)

const isLonger = (commands: ReadonlyArray<Command>, words: ReadonlyArray<string>): boolean =>
  below(commands, words).length > 0

const isGlobal = (token: string): boolean =>
  globalFields.some(
    ({ alias, flag }) => token === `--${flag}` || token.startsWith(`--${flag}=`) || token === `-${alias}`,
  )

const takesValue = (token: string): boolean => token === "--config"

/** `Unknown command "runs shwo". Did you mean runs show?` */
export const unknownCommand = (commands: ReadonlyArray<Command>, found: Found): string => {
  const { words } = found
  const asked = [...words, ...strays(found).slice(0, 1)].join(" ").slice(0, 80)
  const known = commands.filter(({ hidden }) => !hidden).map(({ path }) => path.join(" "))
  const guess = suggestion(asked, known)
  const inside = below(commands, words).filter(({ hidden }) => !hidden)
  if (guess.startsWith(" Did")) return `Unknown command ${JSON.stringify(asked)}.${guess}`
  return words.length > 0 && inside.length > 0
    ? `Unknown command ${JSON.stringify(asked)}. Known: ${inside.map(({ path }) => path.join(" ")).join(", ")}.`
    : `Unknown command ${JSON.stringify(asked)}. \`hub --help\` lists what there is.`
}
