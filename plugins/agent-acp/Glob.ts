/** Patterns of a policy. Matched in time that grows with the product of both lengths at most: what is matched comes from an agent. */

/** `*` stands for any characters, line ends too; everything else for itself. */
export const matches = (pattern: string, text: string): boolean => {
  let [p, t, star, mark] = [0, 0, -1, 0]
  while (t < text.length) {
    if (pattern[p] === "*") [star, mark] = [p++, t]
    else if (pattern[p] === text[t]) [p, t] = [p + 1, t + 1]
    else if (star >= 0) [p, t] = [star + 1, ++mark]
    else return false
  }
  while (pattern[p] === "*") p++
  return p === pattern.length
}

/** Segment by segment: `**` stands for any of them, also for none; `*` for any characters within one. */
export const matchesPath = (pattern: string, path: string, cwd: string): boolean =>
  matchesSegments(segmentsOf(absolute(pattern, cwd)), segmentsOf(path))

const matchesSegments = (pattern: ReadonlyArray<string>, path: ReadonlyArray<string>): boolean => {
  let [p, t, star, mark] = [0, 0, -1, 0]
  while (t < path.length) {
    const segment = pattern[p]
    if (segment === "**") [star, mark] = [p++, t]
    else if (segment !== undefined && matches(segment, path[t]!)) [p, t] = [p + 1, t + 1]
    else if (star >= 0) [p, t] = [star + 1, ++mark]
    else return false
  }
  while (pattern[p] === "**") p++
  return p === pattern.length
}

/** As it is written: a link in it is not followed. */
export const isInside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`)

/** Without `.` and `..`. */
export const absolute = (path: string, cwd: string): string => {
  const plain = path.startsWith("file://") ? path.slice("file://".length) : path
  const segments: Array<string> = []
  // A home is nowhere below the folder, whatever it is written as.
  const isRooted = plain.startsWith("/") || plain.startsWith("~")
  for (const segment of segmentsOf(isRooted ? plain : `${cwd}/${plain}`)) {
    if (segment === "..") segments.pop()
    else if (segment !== ".") segments.push(segment)
  }
  return `/${segments.join("/")}`
}

const segmentsOf = (path: string): ReadonlyArray<string> => path.split("/").filter((one) => one !== "")
