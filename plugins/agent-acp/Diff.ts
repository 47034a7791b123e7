/** A change of one file as text for a person: what goes, what comes, and in which line. */

/** The lines that both begin and end with are left out; whatever else differs is there. */
export const diffOf = (path: string, before: string, after: string): string => {
  const [old, fresh] = [linesOf(before), linesOf(after)]
  const same = common(old, fresh)
  const [oldRest, freshRest] = [old.slice(same), fresh.slice(same)]
  const ending = common(oldRest.toReversed(), freshRest.toReversed())
  const gone = oldRest.slice(0, oldRest.length - ending)
  const come = freshRest.slice(0, freshRest.length - ending)
  return [
    `${before === "" ? "new file" : "changes"} ${path}, line ${same + 1}:`,
    ...gone.map((line) => `-${line}`),
    ...come.map((line) => `+${line}`),
  ].join("\n")
}

const linesOf = (text: string): ReadonlyArray<string> => (text === "" ? [] : text.split("\n"))

const common = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): number => {
  const most = Math.min(a.length, b.length)
  const differs = a.slice(0, most).findIndex((line, index) => line !== b[index])
  return differs < 0 ? most : differs
}
