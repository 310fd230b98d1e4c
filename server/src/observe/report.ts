import type { AnyTx } from '../kit/database.ts'
import type { ReportedFinding } from '../reported-finding.ts'
import { OWN_SOURCE } from './domain/finding.ts'
import type { ObservePorts } from './room.ts'
import { reportFindings } from './store-finding.ts'

/** Makes the port by which the rooms report findings; each is filed under the team of the identity that it is about. */
export const createReport =
  ({ identities }: Pick<ObservePorts, 'identities'>) =>
  // Whoever reports has changed the identity as well, and signals that at the end of the transaction.
  async (tx: AnyTx, findings: readonly ReportedFinding[], now: Date): Promise<void> => {
    await reportFindings(tx, findings, now, {
      source: OWN_SOURCE,
      scannedAt: null,
      teamOf: async (identity) => (await identities.find(tx, identity))?.owner.id ?? null,
    })
  }
