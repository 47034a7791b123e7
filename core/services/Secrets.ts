/** Secrets by name, and the redaction that keeps them out of everything written. */
import { Context, type Effect, type Redacted, Schema } from "effect"

export class SecretMissing extends Schema.TaggedError<SecretMissing>()("SecretMissing", {
  name: Schema.String,
  /** Why one that is there is not used. */
  detail: Schema.optionalKey(Schema.String),
}) {
  override get message() {
    if (this.detail !== undefined) return `cannot use the secret "${this.name}": ${this.detail}`
    return `no secret "${this.name}": set the environment variable ${this.name}, or write it to secrets/${this.name} below HUB_HOME (mode 0600)`
  }
}

export class Secrets extends Context.Service<
  Secrets,
  {
    /** From the environment, else from `$HUB_HOME/secrets/<name>`. From then on its value is redacted everywhere. */
    readonly get: (name: string) => Effect.Effect<Redacted.Redacted<string>, SecretMissing>
    /** Replaces known secret values and common key formats by `[redacted]`. */
    readonly redact: (text: string) => string
    /** Replaces known secret values only. For an answer: a line of code in it that looks like a key is to stay what it is. */
    readonly redactKnown: (text: string) => string
  }
>()("hub/services/Secrets") {}

/** The same value with each of its texts redacted, keys too. For what is plain JSON; anything else stays as it is. */
export const redactAll = <A>(value: A, redact: (text: string) => string): A => redacted(value, redact) as A

const redacted = (value: unknown, redact: (text: string) => string): unknown => {
  if (typeof value === "string") return redact(value)
  if (Array.isArray(value)) return value.map((item) => redacted(item, redact))
  if (typeof value !== "object" || value === null || !isPlain(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [redact(key), redacted(inner, redact)]),
  )
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
