/** What `session` of an agent step may say besides a step: the agent's own id of a session. */

const PREFIX = "id:"

export const ofId = (id: string): string => `${PREFIX}${id}`

/** The id, gaps and all; nothing for the other things that it may say. */
export const idIn = (session: unknown): string | undefined =>
  typeof session === "string" && session.startsWith(PREFIX) ? session.slice(PREFIX.length) : undefined
