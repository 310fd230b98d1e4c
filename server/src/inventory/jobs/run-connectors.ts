import type { Job } from '../../kit/job.ts'
import type { ConnectorRuns } from '../connector-runs.ts'

/** Begins the runs of connectors that are due. */
export const runConnectorsJob = (runs: Pick<ConnectorRuns, 'begin'>): Job => ({
  name: 'inventory: run connectors',
  schedule: '*/5 * * * * *',
  run: (now) => runs.begin(now),
})
