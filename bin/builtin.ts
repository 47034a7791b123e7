/** The plugins that every hub has. Each `import` stands here in full, so that the compiler takes it along. */
import type { Builtin } from "../core/host/Source.ts"

export const builtin: Builtin = {
  "agent-command": () => import("../plugins/agent-command/index.ts"),
}
