/** Everything that `import … from "hub/testing"` gives. */
export { strict as assert } from "node:assert"
export { adapterSuite, type AdapterOptions, type AdapterTools } from "./adapterSuite.ts"
export { agentChecks, agentSuite, type Check, type Recording, type Subject } from "./agentSuite.ts"
export { collect, type Collected, test } from "./collect.ts"
export { effect, live, tempHome } from "./effect.ts"
export {
  operationChecks,
  operationSuite,
  type OperationCheck,
  type OperationSubject,
} from "./operationSuite.ts"
export { play, readRecordings, type RecordedCase, Recordings, recordedSuite } from "./recordings.ts"
export { proberOf, probeSuite } from "./probeSuite.ts"
export { requestOf } from "./request.ts"
export { processes } from "./services.ts"
export { sinkChecks, sinkSuite, type SinkCheck, type SinkSubject } from "./sinkSuite.ts"
