import type { Migration } from 'kysely/migration'
import { kit } from './0001-kit.ts'
import { ledger } from './0002-ledger.ts'
import { inventory } from './0003-inventory.ts'
import { broker } from './0004-broker.ts'
import { policy } from './0005-policy.ts'
import { observe } from './0006-observe.ts'
import { lifecycle } from './0007-lifecycle.ts'
import { brokerTenure } from './0008-broker.ts'
import { approvalTeams } from './0009-lifecycle.ts'
import { teams } from './0010-teams.ts'
import { policyPlan } from './0011-policy.ts'
import { policyApplications } from './0012-policy.ts'
import { brokerFollowers } from './0013-broker.ts'
import { fourEyes } from './0014-lifecycle.ts'
import { policyFragments } from './0015-policy.ts'
import { inventoryCounts } from './0016-inventory.ts'
import { policyDirectories } from './0017-policy.ts'
import { narrowedSessions } from './0018-lifecycle.ts'
import { brokerTrusts } from './0019-trusts.ts'
import { brokerApiKeys } from './0022-broker.ts'
import { brokerTrustUse } from './0023-trust-use.ts'
import { brokerRotations } from './0024-rotation.ts'
import { statusLists } from './0025-status-lists.ts'
import { keySets } from './0026-key-sets.ts'
import { brokerCertificates } from './0027-certificates.ts'
import { brokerProofs } from './0028-proofs.ts'
import { brokerStreams } from './0029-broker.ts'
import { sealKeys } from './0030-seal.ts'
import { waitingLogins } from './0033-logins.ts'
import { detailTypes } from './0034-detail-types.ts'
import { authorizationServers } from './0035-authorization-servers.ts'
import { tagClaims } from './0036-tag-claims.ts'
import { inventoryFilters } from './0037-inventory.ts'
import { webhookSecrets } from './0038-webhook-secrets.ts'
import { origins } from './0039-origins.ts'
import { inventoryReconcile } from './0040-inventory.ts'
import { posture } from './0041-posture.ts'
import { firstImport } from './0042-first-import.ts'
import { unnumbered } from './0043-ledger.ts'
import { sealUses } from './0044-seal-uses.ts'
import { connectors } from './0046-connectors.ts'
import { reports } from './0050-reports.ts'
import { people } from './0051-people.ts'
import { standing } from './0052-standing.ts'
import { findingsFollow } from './0054-observe.ts'
import { judgementsDue } from './0055-inventory.ts'
import { heldKeys } from './0056-broker.ts'
import { blocks } from './0057-ledger.ts'

/** The one time line, forward only; the room is in the file's name. A migration that has shipped is never edited. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-kit': kit,
  '0002-ledger': ledger,
  '0003-inventory': inventory,
  '0004-broker': broker,
  '0005-policy': policy,
  '0006-observe': observe,
  '0007-lifecycle': lifecycle,
  '0008-broker': brokerTenure,
  '0009-lifecycle': approvalTeams,
  '0010-teams': teams,
  '0011-policy': policyPlan,
  '0012-policy': policyApplications,
  '0013-broker': brokerFollowers,
  '0014-lifecycle': fourEyes,
  '0015-policy': policyFragments,
  '0016-inventory': inventoryCounts,
  '0017-policy': policyDirectories,
  '0018-lifecycle': narrowedSessions,
  '0019-trusts': brokerTrusts,
  '0022-broker': brokerApiKeys,
  '0023-trust-use': brokerTrustUse,
  '0030-seal': sealKeys,
  '0025-status-lists': statusLists,
  '0027-certificates': brokerCertificates,
  '0024-rotation': brokerRotations,
  '0028-proofs': brokerProofs,
  '0029-broker': brokerStreams,
  '0026-key-sets': keySets,
  '0033-logins': waitingLogins,
  '0034-detail-types': detailTypes,
  '0035-authorization-servers': authorizationServers,
  '0036-tag-claims': tagClaims,
  '0037-inventory': inventoryFilters,
  '0042-first-import': firstImport,
  '0044-seal-uses': sealUses,
  '0038-webhook-secrets': webhookSecrets,
  '0040-inventory': inventoryReconcile,
  '0039-origins': origins,
  '0041-posture': posture,
  '0043-ledger': unnumbered,
  '0054-observe': findingsFollow,
  '0055-inventory': judgementsDue,
  '0046-connectors': connectors,
  '0050-reports': reports,
  '0051-people': people,
  '0052-standing': standing,
  '0056-broker': heldKeys,
  '0057-ledger': blocks,
}
