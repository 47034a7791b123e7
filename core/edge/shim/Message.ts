/** A line of JSON-RPC, as far as a shim looks into it. */
import type { Id } from "../wire/Cutter.ts"

export interface Message {
  readonly id?: unknown
  readonly method?: unknown
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: { readonly capabilities?: Readonly<Record<string, { readonly listChanged?: boolean }>> }
  readonly error?: { readonly code?: unknown }
}

export const text = (message: object): string => `${JSON.stringify(message)}\n`

export const parsed = (line: Buffer): Message | undefined => {
  try {
    const value: unknown = JSON.parse(line.toString("utf8"))
    return isRecord(value) ? (value as Message) : undefined
  } catch {
    return undefined
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const isId = (id: unknown): id is Id => typeof id === "string" || typeof id === "number"
