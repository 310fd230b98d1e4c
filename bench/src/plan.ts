import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { canonicalize } from '@reeve/sdk/ledger'
import { migrations } from '../../server/migrations/index.ts'
import { openDatabase } from '../../server/src/kit/database.ts'
import { migrate } from '../../server/src/kit/migrate.ts'
import { identityEntities, resourceEntity, uid } from '../../server/src/policy/memory/entities.ts'
import { openPolicy, type PolicyBench } from '../../server/test/fakes/policy.ts'
import { openRoom, type Room } from '../../server/test/room.ts'

// How long `reeve plan` takes: 1,000 policies, 10,000 identities and 100,000 recorded decisions, all distinct, on SQLite,
// through the operations and the pipeline, every call recorded. The register is made up, the same in every run.

const { values } = parseArgs({
  options: {
    policies: { type: 'string', default: '1000' },
    identities: { type: 'string', default: '10000' },
    decisions: { type: 'string', default: '100000' },
    // Plans are made again until so long is over; at least one is, however long it takes.
    seconds: { type: 'string', default: '1' },
  },
})
const [POLICIES, IDENTITIES, DECISIONS] = [Number(values.policies), Number(values.identities), Number(values.decisions)]
const RESOURCES = 100
const LIMIT_MS = 10_000

const resourceName = (at: number): string => `api-${at % RESOURCES}`
const resources = Array.from({ length: RESOURCES }, (_, at) => ({
  name: resourceName(at),
  uri: `https://${resourceName(at)}.example/`,
  environment: 'production',
  sensitivity: 'internal',
  actions: [
    { name: `${resourceName(at)}.read`, effect: 'read' },
    { name: `${resourceName(at)}.write`, effect: 'write' },
  ],
}))

/** Policies of three kinds, a third each with a condition on the caller, on the context, and on both. */
const policyText = (at: number, isAfter: boolean): string => {
  const name = resourceName(at)
  const conditions = [
    `principal.hasTag("team-${at % 50}")`,
    `context has sourceIp && context.sourceIp.isInRange(ip("10.${at % 200}.0.0/16"))`,
    `principal.kind == "bot" && principal.hasTag("team-${at % 50}") && context.now < datetime("2030-01-01")`,
  ]
  const effect = at % 10 === 9 ? 'forbid' : 'permit'
  const condition = isAfter && at % 100 === 0 ? 'principal.hasTag("nobody")' : conditions[at % 3]
  return `@id("p-${at}")\n${effect} (principal, action == Reeve::Action::"${name}.${at % 2 === 0 ? 'read' : 'write'}", resource)\nwhen { ${condition} };`
}

const directory = (isAfter: boolean) => ({
  directory: 'bench',
  resources,
  policies: Array.from({ length: Math.ceil(POLICIES / 10) }, (_, file) => ({
    name: `set-${file}`,
    file: `policies/set-${file}.cedar`,
    text: Array.from({ length: 10 }, (__, at) => policyText(file * 10 + at, isAfter)).join('\n'),
  })),
})

const main = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-bench-'))
  const clear = () => rmSync(folder, { recursive: true, force: true })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      clear()
      process.exit(1)
    })
  const database = openDatabase({ sqliteFile: join(folder, 'reeve.db') })
  try {
    await migrate(database.writer, migrations)
    const room = await openRoom(database, 'sqlite')
    await measure(room, await openPolicy(room))
    await room.hot.drain()
    await room.changes.stop()
  } finally {
    await database.close()
    clear()
  }
}

const measure = async (room: Room, policy: PolicyBench): Promise<void> => {
  for (let at = 0; at < IDENTITIES; at++)
    policy.identities.put({ id: `nhi_${at}`, name: `bot-${at}`, tags: { [`team-${at % 50}`]: 'yes' } })
  const before = policy.operation('policy.access.apply').input.parse(directory(false))
  const approval = policy.approvals.give('apr_before', 'policy.access.apply', before)
  await policy.call('policy.access.apply', { ...directory(false), approval })
  await record(room, policy)
  const plans: Figures[] = []
  const begun = performance.now()
  do plans.push(await onePlan(policy))
  while (performance.now() - begun < Number(values.seconds) * 1000)
  const slowest = plans.reduce((one, other) => (other.total > one.total ? other : one))
  report(slowest, plans.length)
}

interface Figures {
  readonly marks: readonly (readonly [string, number])[]
  readonly total: number
  readonly cpuMs: number
  readonly counts: unknown
  readonly sums: { readonly decisions: number; readonly decided: number; readonly flips: number }
}

const onePlan = async (policy: PolicyBench): Promise<Figures> => {
  const marks: [string, number][] = []
  let last = performance.now()
  const begun = last
  const cpuBegun = process.cpuUsage()
  const mark = (name: string): void => {
    const now = performance.now()
    marks.push([name, now - last])
    last = now
  }
  const { plan } = await policy.call('policy.access.plan', directory(true))
  mark('what changes')
  const compared = await policy.call('policy.access.compare', { plan })
  mark('who gains and loses')
  const sums = { decisions: 0, decided: 0, flips: 0 }
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await policy.call('policy.access.replay', { plan, days: 30, ...(cursor ? { cursor } : {}) })
    sums.decisions += page.decisions
    sums.decided += page.decided
    sums.flips += page.flips.length
    cursor = page.nextCursor
  }
  mark('replay')
  const total = last - begun
  const cpu = process.cpuUsage(cpuBegun)
  return { marks, total, cpuMs: Math.round((cpu.user + cpu.system) / 1000), counts: compared.counts, sums }
}

const report = ({ marks, total, cpuMs, counts, sums }: Figures, plans: number): void => {
  for (const [name, ms] of marks) console.log(`${name.padEnd(20)} ${(ms / 1000).toFixed(2)} s`)
  console.log(
    `${POLICIES} policies, ${IDENTITIES} identities: ${JSON.stringify(counts)}; ${sums.decisions} decisions, ${sums.decided} decided again, ${sums.flips} would flip; the slowest of ${plans}`,
  )
  console.log(
    JSON.stringify({
      bench: 'plan',
      unit: 'ms',
      reeve: Math.round(total),
      cpu: cpuMs,
      limit: LIMIT_MS,
      toLimit: Number((LIMIT_MS / total).toFixed(2)),
    }),
  )
  if (sums.decisions < DECISIONS) throw new Error(`only ${sums.decisions} decisions were replayed`)
}

/** Decisions of the last days, each a request of its own, as issuance keeps them. */
const record = async (room: Room, policy: PolicyBench): Promise<void> => {
  const now = room.clock.now().getTime()
  const known = policy.memory.base().stored.resources
  const SIZE = 500
  for (let from = 0; from < DECISIONS; from += SIZE) {
    await room.database.write(async (tx) => {
      const entries = []
      const kept = []
      for (let at = from; at < Math.min(DECISIONS, from + SIZE); at++) {
        const identity = await policy.identities.find(tx, `nhi_${at % IDENTITIES}`)
        const resource = known[(at * 7 + Math.floor(at / IDENTITIES)) % known.length]
        if (identity === undefined || resource === undefined) throw new Error('the register is not whole')
        const body = canonicalize({
          of: 'token',
          principal: uid('Identity', identity.id),
          actions: [resource.actions[at % 2]?.name],
          resource: uid('Resource', resource.id),
          context: {
            sourceIp: { __extn: { fn: 'ip', arg: `10.${at % 200}.${(at >> 8) % 250}.${at % 250}` } },
            credentialKind: 'private_key_jwt',
            audience: resource.uri,
            requested: { scopes: [resource.actions[at % 2]?.name] },
          },
          entities: [...identityEntities(identity), resourceEntity(resource)],
          exception: null,
        })
        const digest = createHash('sha256').update(body).digest('base64url')
        kept.push({ digest, body, at: now })
        entries.push(entryOf(at, new Date(now - (DECISIONS - at) * 1000), identity, resource, digest))
      }
      await tx.insertInto('ledger_entry').values(entries).execute()
      await tx
        .insertInto('ledger_kept')
        .values(kept)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    })
  }
}

const entryOf = (
  at: number,
  when: Date,
  identity: { readonly id: string; readonly name: string },
  resource: { readonly id: string; readonly name: string },
  digest: string,
) => {
  const decision = {
    id: `dec_${at}`,
    outcome: 'allow',
    enforced: true,
    policies: ['p-1'],
    revision: 'r',
    missing: [],
    request: digest,
  }
  const body = {
    id: `evt_${at}`,
    at: when.toISOString(),
    schemaVersion: 1,
    kind: 'broker.token.issue',
    outcome: 'done',
    actor: { principalType: 'nhi', id: identity.id, name: identity.name },
    on: { type: 'Resource', id: resource.id, name: resource.name, environment: 'production' },
    decision,
    evidence: { audience: 'https://api.example/', lifetimeSeconds: 900 },
    tags: { application: 'orders' },
    source: { ip: '10.0.0.1', region: null, userAgent: 'bench' },
    correlation: { requestId: `req_${at}`, traceparent: null, cause: null },
  }
  return {
    id: body.id,
    at: when.getTime(),
    kind: body.kind,
    outcome: body.outcome,
    actor_id: identity.id,
    on_id: resource.id,
    decision_id: decision.id,
    request_id: body.correlation.requestId,
    body: JSON.stringify(body),
  }
}

await main()
// What is imported of the tests would go on to report on them.
process.exit(0)
