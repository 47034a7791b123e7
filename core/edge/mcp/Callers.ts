/** Who asks: what the door knows of the caller, and what a request says of itself. */
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  type Implementation,
  type Server,
  type ServerContext,
} from "@modelcontextprotocol/server"
import { present } from "../../dispatch/Present.ts"
import type { Caller, Scope } from "../../plugin/Operation.ts"
import { CALL_KEY } from "../wire/Protocol.ts"
import { patienceOf } from "./Patience.ts"

export interface Facts {
  /** What the caller may do; everything when left out. */
  readonly scopes?: ReadonlyArray<Scope> | undefined
  /** Name of the token that was shown. */
  readonly token?: string | undefined
  /** The run this client works in, when it is an agent of one. */
  readonly parent_run?: string | undefined
  /** Where the client stands. */
  readonly cwd?: string | undefined
}

export type Capabilities = Readonly<Record<string, unknown>>

/** Under this key of `authInfo.extra` the HTTP door puts the facts of one request. */
export const factsKey = "hub/facts"

const longestText = 200

export const factsOf = (facts: Facts, context: ServerContext): Facts => {
  const ofRequest = context.http?.authInfo?.extra?.[factsKey] as Facts | undefined
  return ofRequest === undefined ? facts : { ...facts, ...ofRequest }
}

export const callerOf = (options: Facts, server: Server, context: ServerContext): Caller => {
  const facts = factsOf(options, context)
  const { name, version } = clientOf(server, context)
  const { cwd, parent_run, scopes, token } = facts
  return {
    door: "mcp",
    client: `${name} ${version}`.trim().slice(0, longestText),
    patience_seconds: patienceOf(name),
    ...present({ parent_run, cwd, scopes, token, call_key: keyOf(facts, context) }),
  }
}

// The newest protocol says with every request what the older ones say once.

const clientOf = (server: Server, { mcpReq }: ServerContext): Implementation => {
  const envelope = mcpReq.envelope as Partial<Record<string, Implementation>> | undefined
  return envelope?.[CLIENT_INFO_META_KEY] ?? server.getClientVersion() ?? { name: "unknown", version: "" }
}

/** What the client can do, and be asked. */
export const capabilitiesOf = (server: Server, { mcpReq }: ServerContext): Capabilities => {
  const envelope = mcpReq.envelope as Partial<Record<string, Capabilities>> | undefined
  return envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? server.getClientCapabilities() ?? {}
}

/** Keys of different tokens never meet. */
const keyOf = ({ token }: Facts, { mcpReq }: ServerContext): string | undefined => {
  const key = mcpReq._meta?.[CALL_KEY]
  if (typeof key !== "string") return undefined
  const whole = token === undefined ? key : `${token}/${key}`
  return whole.length > longestText ? undefined : whole
}
