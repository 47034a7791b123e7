/** The plugins that every hub has. Each `import` stands here in full, so that the compiler takes it along. */
import type { Builtin } from "../core/host/Source.ts"

export const builtin: Builtin = {
  "agent-acp": () => import("../plugins/agent-acp/index.ts"),
  "agent-claude": () => import("../plugins/agent-claude/index.ts"),
  "agent-codex": () => import("../plugins/agent-codex/index.ts"),
  "agent-command": () => import("../plugins/agent-command/index.ts"),
  "agent-copilot": () => import("../plugins/agent-copilot/index.ts"),
  "agent-droid": () => import("../plugins/agent-droid/index.ts"),
  "agent-gemini": () => import("../plugins/agent-gemini/index.ts"),
  "agent-opencode": () => import("../plugins/agent-opencode/index.ts"),
  "agent-qwen": () => import("../plugins/agent-qwen/index.ts"),
}
