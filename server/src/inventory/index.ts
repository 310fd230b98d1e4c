import type { Unplugged } from '../kit/operation.ts'
import { isProduction, normalEnvironment } from './domain/environment.ts'
import { activateIdentity } from './operations/activate-identity.ts'
import { addAlias } from './operations/add-alias.ts'
import { addConnector } from './operations/add-connector.ts'
import { adoptMany } from './operations/adopt-many.ts'
import { adoptSighting } from './operations/adopt-sighting.ts'
import { changeConnector } from './operations/change-connector.ts'
import { changeIdentity } from './operations/change-identity.ts'
import { changeTeam } from './operations/change-team.ts'
import { createIdentity } from './operations/create-identity.ts'
import { createTeam } from './operations/create-team.ts'
import { endAlias } from './operations/end-alias.ts'
import { expireIdentity } from './operations/expire-identity.ts'
import { finishConnector } from './operations/finish-connector.ts'
import { impactIdentity } from './operations/impact-identity.ts'
import { importSightings } from './operations/import-sightings.ts'
import { linkSighting } from './operations/link-sighting.ts'
import { listAliases } from './operations/list-aliases.ts'
import { listConnectors } from './operations/list-connectors.ts'
import { listDrift } from './operations/list-drift.ts'
import { listIdentities } from './operations/list-identities.ts'
import { listRisks } from './operations/list-risks.ts'
import { listSecrets } from './operations/list-secrets.ts'
import { listSightings } from './operations/list-sightings.ts'
import { listTeams } from './operations/list-teams.ts'
import { mergeIdentity } from './operations/merge-identity.ts'
import { quarantineIdentity } from './operations/quarantine-identity.ts'
import { quarantineOwner } from './operations/quarantine-owner.ts'
import { reachIdentity } from './operations/reach-identity.ts'
import { releaseIdentity } from './operations/release-identity.ts'
import { releaseOwner } from './operations/release-owner.ts'
import { removeConnector } from './operations/remove-connector.ts'
import { retireIdentity } from './operations/retire-identity.ts'
import { runConnector } from './operations/run-connector.ts'
import { showConnector } from './operations/show-connector.ts'
import { showIdentity } from './operations/show-identity.ts'
import { showRisk } from './operations/show-risk.ts'
import { showTeam } from './operations/show-team.ts'
import { splitSighting } from './operations/split-sighting.ts'
import { tagConnector } from './operations/tag-connector.ts'
import type { InventoryPorts } from './room.ts'

export { type Applied, type ApplyGiven, applyIdentity, applyTeam, misshapen } from './apply.ts'
export { type ConnectorRuns, createConnectorRuns } from './connector-runs.ts'
export { inventoryFaults } from './faults.ts'
export { findSubject, findTeam, holdSubject, type InventorySubject } from './find-subject.ts'
export { expireJob } from './jobs/expire-due.ts'
export { judgeNewJob } from './jobs/judge-new.ts'
export { judgePostureJob } from './jobs/judge-posture.ts'
export { recountJob } from './jobs/recount.ts'
export { runConnectorsJob } from './jobs/run-connectors.ts'
export { sumCountsJob } from './jobs/sum-counts.ts'
export { listSubjects } from './list-subjects.ts'
export { mustBeReleasable } from './may-release.ts'
export { type Regraded, type RegradePorts, regradeFound, regradeGiven } from './regrade.ts'
export { retireDeclared } from './retire-declared.ts'
export type { ConnectorRunPorts, InventoryPorts, Rights } from './room.ts'
export { type IdentityCount, identityCounts } from './store-count.ts'
export { ownersOf } from './store-identity.ts'
export { idsAfter } from './store-ids.ts'
export { identitiesSighted, seenByScans } from './store-sighting.ts'
export { markUsed, type SeenUse } from './store-use.ts'
export { whyIdentity } from './why-identity.ts'

/** What environments are called, and which of them are production. */
export const environments = { normal: normalEnvironment, isProduction }

/** The operations of this room, waiting for its ports. */
export const inventoryOperations: readonly Unplugged<InventoryPorts>[] = [
  createTeam,
  showTeam,
  listTeams,
  changeTeam,
  createIdentity,
  showIdentity,
  listIdentities,
  changeIdentity,
  activateIdentity,
  retireIdentity,
  expireIdentity,
  impactIdentity,
  quarantineIdentity,
  releaseIdentity,
  quarantineOwner,
  releaseOwner,
  importSightings,
  listSightings,
  adoptSighting,
  linkSighting,
  splitSighting,
  mergeIdentity,
  addAlias,
  endAlias,
  listAliases,
  listSecrets,
  listDrift,
  listRisks,
  showRisk,
  reachIdentity,
  adoptMany,
  addConnector,
  listConnectors,
  showConnector,
  changeConnector,
  runConnector,
  removeConnector,
  finishConnector,
  tagConnector,
]
