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
  }
>()("hub/services/Secrets") {}
