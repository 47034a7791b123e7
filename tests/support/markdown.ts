/** The Markdown files of the repository as a reader meets them: fences, links and command lines. */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"

export const root = join(import.meta.dir, "../..")

export interface Page {
  /** From the root of the repository. */
  readonly file: string
  readonly text: string
}

/** Pages that people outside read. */
export const pages: ReadonlyArray<Page> = [
  "*.md",
  "docs/**/*.md",
  "{core,bench}/README.md",
  "plugins/*/README.md",
]
  .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: root })])
  .filter((file) => file !== "AGENTS.md")
  .sort()
  .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }))

export const page = (file: string): Page => {
  const found = pages.find((one) => one.file === file)
  if (found === undefined) throw new Error(`there is no page ${file}`)
  return found
}

export interface Fence {
  readonly language: string
  /** The file that it is, or a piece of, where it says so behind its language. */
  readonly name: string
  readonly text: string
}

const FENCE = /^```(\w*)[ \t]*([^\n]*)\n([\s\S]*?)^```$/gm

export const fences = ({ text }: Page, ...languages: ReadonlyArray<string>): ReadonlyArray<Fence> =>
  [...text.matchAll(FENCE)]
    .map(([, language = "", name = "", text = ""]) => ({ language, name, text }))
    .filter(({ language }) => languages.includes(language))

/** What stands outside of fences. */
const prose = ({ text }: Page): string => text.replaceAll(FENCE, "")

/** Relative links that lead nowhere: to no file, or to no heading of a page. */
export const broken = (one: Page): ReadonlyArray<string> =>
  [...prose(one).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^\w+:/.test(target))
    .filter((target) => !leads(one, target))

/** Files of the repository that the text names and that are not there: paths from the root, from core, or from the page. */
export const missing = (one: Page): ReadonlyArray<string> =>
  [...prose(one).matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|mjs|py|toml|json|md))`/g)]
    .map(([, path = ""]) => path)
    .filter((path) => ![".", "core", dirname(one.file)].some((base) => existsSync(join(root, base, path))))

const leads = (from: Page, target: string): boolean => {
  const [path = "", anchor] = target.split("#")
  const file = path === "" ? join(root, from.file) : join(root, dirname(from.file), path)
  if (!existsSync(file)) return false
  return anchor === undefined || anchors(readFileSync(file, "utf8")).includes(anchor)
}

const anchors = (text: string): ReadonlyArray<string> =>
  [...text.replaceAll(FENCE, "").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  )

/** The arguments of every `hub …` in shell fences and in `code` within the text. */
export const commands = (one: Page): ReadonlyArray<ReadonlyArray<string>> => {
  const fenced = fences(one, "sh", "console", "bash").flatMap(({ text }) => text.split("\n"))
  const inline = [...prose(one).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code)
  return [...fenced, ...inline]
    .map((line) => /^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*hub( .*)?$/.exec(line)?.[1])
    .filter((line) => line !== undefined)
    .map(words)
}

/** As a shell cuts a line: quotes, and a comment at its end. */
const words = (line: string): ReadonlyArray<string> =>
  [...line.replace(/\s#\s.*$/, "").matchAll(/"([^"]*)"|'([^']*)'|[^\s<>|]+/g)].map(
    ([whole, double, single]) => double ?? single ?? whole,
  )
