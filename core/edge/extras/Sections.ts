/** What was found, in sections, as text and as data. */
import type { Finding } from "../../plugin/Plugin.ts"

export interface Section {
  readonly id: string
  readonly findings: ReadonlyArray<Finding>
}

/** What a command prints of them. Exit code 1 when one is an error. */
export const report = (sections: ReadonlyArray<Section>) => {
  const all = sections.flatMap(({ findings }) => findings)
  const count = (level: Finding["level"]): number => all.filter((one) => one.level === level).length
  const [errors, warnings] = [count("error"), count("warning")]
  return {
    output: { errors, warnings, sections: sections.map(plain) },
    text: textOf(sections, errors, warnings),
    code: errors > 0 ? 1 : 0,
  }
}

export const plain = ({ findings, id }: Section): Section => ({
  id,
  findings: findings.map(({ advice, level, text }) => ({
    level,
    text,
    ...(advice === undefined ? {} : { advice }),
  })),
})

const textOf = (sections: ReadonlyArray<Section>, errors: number, warnings: number): string => {
  const width = Math.max(...sections.map(({ id }) => id.length))
  const lines = sections.flatMap(({ findings, id }) =>
    findings.flatMap(({ advice, level, text }) => [
      `${level.padEnd(7)}  ${id.padEnd(width)}  ${text}`,
      ...(advice === undefined ? [] : [`${" ".repeat(width + 11)}${advice}`]),
    ]),
  )
  const end =
    errors > 0
      ? `${errors} ${errors === 1 ? "thing stands" : "things stand"} in the way.`
      : `Ready${warnings > 0 ? `, with ${warnings} ${warnings === 1 ? "warning" : "warnings"}` : ""}.`
  return [...lines, "", end].join("\n")
}
