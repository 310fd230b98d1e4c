import type { Unplugged } from '../kit/operation.ts'
import { applyAccess } from './operations/apply-access.ts'
import { canDecision } from './operations/can-decision.ts'
import { changeBundle } from './operations/change-bundle.ts'
import { changeMode } from './operations/change-mode.ts'
import { changeResource } from './operations/change-resource.ts'
import { changeSet } from './operations/change-set.ts'
import { checkSet } from './operations/check-set.ts'
import { compareAccess } from './operations/compare-access.ts'
import { createBundle } from './operations/create-bundle.ts'
import { createGrant } from './operations/create-grant.ts'
import { createResource } from './operations/create-resource.ts'
import { listAccess } from './operations/list-access.ts'
import { listApplications } from './operations/list-applications.ts'
import { listBundles } from './operations/list-bundles.ts'
import { listGrants } from './operations/list-grants.ts'
import { listModes } from './operations/list-modes.ts'
import { listResources } from './operations/list-resources.ts'
import { listSet } from './operations/list-set.ts'
import { listTemplates } from './operations/list-templates.ts'
import { planAccess } from './operations/plan-access.ts'
import { promoteMode } from './operations/promote-mode.ts'
import { reachDecision } from './operations/reach-decision.ts'
import { replayAccess } from './operations/replay-access.ts'
import { replayDecision } from './operations/replay-decision.ts'
import { revokeGrant } from './operations/revoke-grant.ts'
import { showApplication } from './operations/show-application.ts'
import { showBundle } from './operations/show-bundle.ts'
import { showDecision } from './operations/show-decision.ts'
import { showGrant } from './operations/show-grant.ts'
import { showPlan } from './operations/show-plan.ts'
import { showResource } from './operations/show-resource.ts'
import { showSet } from './operations/show-set.ts'
import { testAccess } from './operations/test-access.ts'
import { tightenAccess } from './operations/tighten-access.ts'
import { validateAccess } from './operations/validate-access.ts'
import { whoDecision } from './operations/who-decision.ts'
import type { PolicyPorts } from './room.ts'

export { parsedBuiltins } from './builtin-policies.ts'
export { createCallDecider } from './decide/decide-call.ts'
export { createDecisions } from './decisions.ts'
export { endGrants } from './endings.ts'
export { createShadow, type Evaluator, releaseOfficial, type ShadowCounts } from './engine/index.ts'
export {
  type Asker,
  createEvaluator,
  type Evaluated,
  type HandedOut,
  type QuestionEvaluator,
  type QuestionList,
  type Semantic,
} from './evaluate/evaluator.ts'
export type { Question } from './evaluate/question.ts'
export { policyFaults } from './faults.ts'
export { giveToTeam } from './give-to-team.ts'
export { identityOfGrant } from './grant-identity.ts'
export { endOverdueGrants } from './jobs/end-overdue-grants.ts'
export { watchSet } from './jobs/watch-set.ts'
export { watchShadow } from './jobs/watch-shadow.ts'
export { createPolicyMemory, type PolicyMemory } from './memory.ts'
export type { KnownOperation } from './operation-access.ts'
export { withOwnApi } from './own-api.ts'
export { createReceivers } from './receivers.ts'
export { grantsOf, grantsOfAll, rightsOf, serversReachedBy } from './rights.ts'
export type { PolicyPorts } from './room.ts'
export { findResource } from './store-resource.ts'
export { createWhyDecision } from './why-decision.ts'
export { whyGrant } from './why-grant.ts'

/** The operations of this room, waiting for its ports. */
export const policyOperations: readonly Unplugged<PolicyPorts>[] = [
  createResource,
  showResource,
  listResources,
  changeResource,
  createBundle,
  showBundle,
  listBundles,
  changeBundle,
  listApplications,
  showApplication,
  listTemplates,
  createGrant,
  showGrant,
  listGrants,
  revokeGrant,
  checkSet,
  changeSet,
  listSet,
  showSet,
  changeMode,
  promoteMode,
  listModes,
  applyAccess,
  planAccess,
  validateAccess,
  listAccess,
  showPlan,
  compareAccess,
  replayAccess,
  testAccess,
  tightenAccess,
  showDecision,
  canDecision,
  reachDecision,
  whoDecision,
  replayDecision,
]
