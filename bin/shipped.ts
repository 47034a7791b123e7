/** The pipelines that every hub has, as text inside the program. */
import ask from "../pipelines/ask.toml" with { type: "text" }
import cheapFirst from "../pipelines/cheap-first.toml" with { type: "text" }
import fixTests from "../pipelines/fix-tests.toml" with { type: "text" }
import implement from "../pipelines/implement.toml" with { type: "text" }
import review from "../pipelines/review.toml" with { type: "text" }
import secondOpinion from "../pipelines/second-opinion.toml" with { type: "text" }

/** By name. */
export const shipped: ReadonlyMap<string, string> = new Map([
  ["ask", ask],
  ["cheap-first", cheapFirst],
  ["fix-tests", fixTests],
  ["implement", implement],
  ["review", review],
  ["second-opinion", secondOpinion],
])
