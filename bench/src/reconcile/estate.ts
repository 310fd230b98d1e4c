import { performance } from 'node:perf_hooks'
import { inventoryOperations } from '../../../server/src/inventory/index.ts'
import type { InventoryPorts } from '../../../server/src/inventory/room.ts'
import type { Database } from '../../../server/src/kit/database.ts'
import { insertRows } from '../../../server/src/kit/insert-rows.ts'
import type { openPipeline } from '../list/pipeline.ts'
import { NOW, type Register } from '../list/register.ts'

const BATCH = 500

const arnOf = (i: number): string => `aws:arn:aws:iam::${100_000_000_000 + (i % 400)}:role/job-${i}`

/** Every other sighting has a key that somebody said to be an identity's. */
export const nameKeys = async (database: Database, register: Register, sightings: number): Promise<void> => {
  const identities = register.names.length
  const rows = Array.from({ length: Math.floor(sightings / 2) }, (_, i) => {
    const identity = register.identityAt((i * 3) % identities)
    return [`als_${i}`, `subject:${i * 2}`, identity.id, 'said so', 0]
  })
  await database.write(async (tx) => {
    await insertRows('inventory_alias', ['id', 'key', 'identity_id', 'because', 'since']).into(tx, rows)
  })
}

const sightingAt = (i: number) => {
  const where = { path: `accounts/${i % 400}.json`, line: 1 + (i % 9000), repository: 'estate', inRepository: 'a.json' }
  const reach = (what: string) => ({ what, access: 'write', because: 'a policy that is attached to it' })
  return {
    source: 'aws',
    kind: 'account',
    name: `role job-${i} of AWS account ${i % 400}`,
    stableKey: arnOf(i),
    keys: [`subject:${i}`, `oidc:https://ci.example.com#repo:acme/service-${i}:ref:refs/heads/main`],
    repository: 'estate',
    where,
    reaches: [reach(`bucket ${i % 5000}`), reach(`queue ${i % 700}`)],
    evidence: [`AWS role ${arnOf(i)}`, 'policy deploy', 'trusts the issuer of the CI'],
    environment: { value: i % 3 === 0 ? 'production' : 'staging', because: 'its name says so' },
    ownerHint: i % 2 === 0 ? { value: '@acme/platform', because: 'a tag' } : null,
    traits: [
      { trait: 'aws:reach', detail: 'writes to a bucket', where },
      {
        trait: 'secret:aws-key',
        detail: 'AWS key',
        where,
        credential: {
          type: 'api-key',
          provider: 'AWS',
          fingerprint: (i % 40_000).toString(16).padStart(32, '0'),
          tail: 'Ab3d',
        },
      },
    ],
  }
}

/** Imports the scan of an estate through the operation and the pipeline, batch by batch; again each time it is called. */
export const importer = (opened: Awaited<ReturnType<typeof openPipeline>>, sightings: number) => {
  const { pipeline, cursors, caller } = opened
  const plug = inventoryOperations.map((unplugged) => unplugged(portsOf(cursors)))
  const operation = plug.find(({ name }) => name === 'inventory.sighting.import')
  if (operation === undefined) throw new Error('there is no import')
  const scannedAt = NOW.toISOString()
  return async (): Promise<{
    seconds: number
    cpuSeconds: number
    joined: number
    changed: number
    created: number
  }> => {
    const sum = { joined: 0, changed: 0, created: 0 }
    const startedAt = performance.now()
    const cpuBefore = process.cpuUsage()
    for (let start = 0; start < sightings; start += BATCH) {
      const end = Math.min(sightings, start + BATCH)
      const done = Object(
        await pipeline.call(
          operation,
          {
            sightings: Array.from({ length: end - start }, (_, i) => sightingAt(start + i)),
            saltId: '0123456789abcdef',
            scan: { name: 'estate', scannedAt, complete: end === sightings, isJudged: true },
          },
          caller,
        ),
      )
      sum.joined += done.joined
      sum.changed += done.changed
      sum.created += done.created
    }
    const { user, system } = process.cpuUsage(cpuBefore)
    const cpuSeconds = Math.round((user + system) / 10_000) / 100
    return { ...sum, cpuSeconds, seconds: Math.round((performance.now() - startedAt) / 10) / 100 }
  }
}

const neverSealed = (): never => {
  throw new Error('an import seals nothing')
}

const portsOf = (cursors: InventoryPorts['cursors']): InventoryPorts => ({
  cursors,
  stops: { stop: notAsked, lift: notAsked, moved: notAsked, unconfirmed: notAsked },
  impact: { credentials: notAsked, grants: notAsked, recentUse: notAsked },
  approvals: { spend: notAsked },
  keys: { holders: async () => new Map() },
  belongings: { give: notAsked, follow: notAsked },
  endings: { retire: notAsked },
  connectors: { sealer: { seal: neverSealed }, vendors: { problem: neverSealed } },
})

const notAsked = async (): Promise<never> => {
  throw new Error('an import asks nothing of this')
}
