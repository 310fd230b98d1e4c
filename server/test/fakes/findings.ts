import type { BrokerPorts } from '../../src/broker/room.ts'
import type { ReportedFinding } from '../../src/reported-finding.ts'

/** Findings in memory, in the order in which they were reported. */
export interface FakeFindings {
  readonly port: BrokerPorts['findings']
  readonly reported: readonly ReportedFinding[]
}

/** No findings yet. */
export const fakeFindings = (): FakeFindings => {
  const reported: ReportedFinding[] = []
  return {
    port: {
      report: async (_tx, findings) => {
        reported.push(...findings)
      },
    },
    reported,
  }
}
