import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { appendLeaf, type CompactRange, canonicalize, emptyRange, leafHash, rootOf } from '@reeve/sdk/ledger'

// How many realistic events one core can make canonical, hash as leaves and append to the tree in a second: what the
// ledger costs besides the database. Node and its collector of garbage use a second core where there is one.

/** An event as token issuance writes it, 1.2 to 1.4 KB of canonical text, members in the order of the design. */
const eventOf = (seq: number): object => ({
  seq,
  id: `evt_01J9Z8Y7X6W5V4U3T2S1${String(seq).padStart(8, '0')}`,
  at: '2026-07-22T10:11:12.345Z',
  schemaVersion: 1,
  kind: 'broker.token.issue',
  outcome: 'done',
  actor: { principalType: 'nhi', id: 'nhi_7f3k2j4h5g6f7d8s9a0q1w2e3r', name: 'orders-sync' },
  instance: 'pod/orders-sync-7d9f8b6c5-x2x9z',
  credential: 'cred_9a8s7d6f5g4h3j2k1l0q',
  token: 'sha256:3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8=',
  workflow: { name: 'orders-sync', repository: 'github.com/acme/orders', run: String(1_234_567_890 + seq) },
  on: { type: 'resource', id: 'res_orders-api', name: 'https://orders.example.com/api', environment: 'production' },
  change: [{ field: 'lastUsedAt', before: '2026-07-22T09:11:12.345Z', after: '2026-07-22T10:11:12.345Z' }],
  decision: { id: `dec_${seq}`, policies: ['policy-orders-read', 'bundle-crm-sync'], revision: 42, missing: [] },
  approval: null,
  evidence: { class: 'ci', subject: 'repo:acme/orders:ref:refs/heads/main' },
  tags: { businessUnit: 'sales', application: 'orders', ticket: 'OPS-1234', repository: 'github.com/acme/orders' },
  source: { ip: '203.0.113.17', region: 'eu-central-1', userAgent: 'openid-client/6.8.9' },
  correlation: {
    requestId: 'req_01J9Z8Y7X6W5V4U3T2S1R0',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    cause: 'evt_01J9Z8Y7X6W5V4U3T2S0',
  },
})

const BATCH = 1_000

/** Appends for so long and says how many events a second, making the events not counted. */
const measure = (seconds: number): { eventsPerSecond: number; range: CompactRange } => {
  let range: CompactRange = emptyRange
  let usedMs = 0
  while (usedMs < seconds * 1_000) {
    const events = Array.from({ length: BATCH }, (_, i) => eventOf(range.size + i))
    const startedAt = performance.now()
    for (const event of events) range = appendLeaf(range, leafHash(Buffer.from(canonicalize(event)))).range
    usedMs += performance.now() - startedAt
  }
  return { eventsPerSecond: Math.round((range.size / usedMs) * 1_000), range }
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '5' } } })
const seconds = Number(values.seconds)
if (!(seconds > 0)) throw new RangeError('--seconds is a number above 0')

measure(Math.min(1, seconds / 5)) // Warm.
const { eventsPerSecond, range } = measure(seconds)
const eventBytes = Buffer.byteLength(canonicalize(eventOf(1)))
console.log(`${range.size} events of ${eventBytes} bytes, root ${Buffer.from(rootOf(range)).toString('hex')}`)
console.log(JSON.stringify({ bench: 'ledger-formats', unit: 'events/s', reeve: eventsPerSecond, eventBytes }))
