/** Everything that `import … from "hub/testing"` gives. */
export { strict as assert } from "node:assert"
export { effect, live, tempHome } from "./effect.ts"
export { collect, type Collected, test } from "./collect.ts"
