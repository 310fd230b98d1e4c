import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { isDatabaseGone } from '../../kit/database-gone.ts'
import type { Durations } from '../../kit/durations.ts'
import type { EventDraft } from '../../ledger/event.ts'
import { usesOf } from '../../ledger/shared-event.ts'
import type { Turnstile } from './turnstile.ts'

/** What the server counts about itself; never with an identity as a label. */
export interface Metrics {
  readonly registry: Registry
  readonly auditEvents: Counter
  readonly isSealed: Gauge
  readonly tokensIssued: Counter<'grant' | 'result'>
  readonly policyDecisions: Counter<'decision'>
  readonly containments: Counter<'trigger'>
  readonly tokenVerifications: Counter<'result'>
  readonly propagationSeconds: Histogram
  readonly requestSeconds: Histogram<'method' | 'route' | 'status'>
}

/** A registry with Reeve's own metrics and those of the process. */
export const createMetrics = (version: string): Metrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 20 })
  const registers = [registry]
  const build = new Gauge({ name: 'reeve_build_info', help: 'The running version', labelNames: ['version'], registers })
  build.set({ version }, 1)
  const policyDecisions = new Counter({
    name: 'reeve_policy_decisions_total',
    help: 'Recorded policy decisions',
    labelNames: ['decision'],
    registers,
  })
  // A rate needs the count from before the first of them.
  for (const decision of ['allow', 'deny']) policyDecisions.inc({ decision }, 0)
  return {
    registry,
    auditEvents: new Counter({
      name: 'reeve_audit_events_total',
      help: 'Entries of the audit log that have a number: its size, whatever was restarted meanwhile',
      registers,
    }),
    isSealed: new Gauge({
      name: 'reeve_sealed',
      help: '1 while the key-encryption key is missing or wrong',
      registers,
    }),
    tokensIssued: new Counter({
      name: 'reeve_tokens_issued_total',
      help: 'Token requests by grant and result',
      labelNames: ['grant', 'result'],
      registers,
    }),
    policyDecisions,
    containments: new Counter({
      name: 'reeve_containments_total',
      help: 'Quarantines by the type of the principal that made them',
      labelNames: ['trigger'],
      registers,
    }),
    tokenVerifications: new Counter({
      name: 'reeve_token_verifications_total',
      help: 'Tokens looked at, by what came of it: active or inactive by introspection, allowed or refused by use reports',
      labelNames: ['result'],
      registers,
    }),
    propagationSeconds: new Histogram({
      name: 'reeve_revocation_propagation_seconds',
      help: 'From the record of the newest stop or release until a verifier confirmed that it has it',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'reeve_http_request_duration_seconds',
      help: 'Duration of HTTP requests by route and status',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers,
    }),
  }
}

/** The audit log has this size now. */
export const countEntries = ({ auditEvents }: Metrics, size: number): void => {
  auditEvents.reset()
  auditEvents.inc(size)
}

/** Has the lag of this replica's memory measured whenever somebody asks. */
export const measureLag = ({ registry }: Metrics, lagSeconds: () => number): void => {
  new Gauge({
    name: 'reeve_revocation_replica_lag_seconds',
    help: 'Seconds since this replica was last seen to know every change',
    registers: [registry],
    collect() {
      this.set(lagSeconds())
    },
  })
}

/** Has what stands before the work read whenever somebody asks. */
export const measureOverload = ({ registry }: Metrics, counts: Turnstile['counts']): void => {
  const registers = [registry]
  new Gauge({
    name: 'reeve_requests_in_work',
    help: 'Requests for tokens, about tokens and for decisions that are worked on now',
    registers,
    collect() {
      this.set(counts().inWork)
    },
  })
  new Gauge({
    name: 'reeve_requests_waiting',
    help: 'Requests that wait until others are answered',
    registers,
    collect() {
      this.set(counts().waiting)
    },
  })
  new Counter({
    name: 'reeve_requests_sent_away_total',
    help: 'Requests that were not begun, and told when to come back, because there was too much to do',
    registers,
    collect() {
      this.reset()
      this.inc(counts().sentAway)
    },
  })
}

/** Has what the second policy engine found read whenever somebody asks. */
export const measureShadow = ({ registry }: Metrics, counts: () => Record<ShadowResult, number>): void => {
  new Counter({
    name: 'reeve_policy_shadow_total',
    help: 'Decisions that the official engine was to decide again, by what came of it',
    labelNames: ['result'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [result, count] of Object.entries(counts())) this.inc({ result }, count)
    },
  })
}

/**
 * Has what was counted of decisions read whenever somebody asks. It is counted elsewhere, because to observe a
 * histogram of the library makes several objects, and a decision takes microseconds.
 */
export const measureDecisions = ({ registry }: Metrics, durations: Pick<Durations, 'counts'>): void => {
  const name = 'reeve_policy_decision_duration_seconds'
  const help = 'How long policy decisions took that a call, a token request or a question asked for'
  const { within } = durations.counts()
  const buckets = within.map(([bound]) => bound)
  const get = async () => {
    const now = durations.counts()
    const bucket = (le: number | string, value: number) => ({ metricName: `${name}_bucket`, labels: { le }, value })
    const values = [
      ...now.within.map(([bound, count]) => bucket(bound, count)),
      bucket('+Inf', now.count),
      { metricName: `${name}_sum`, labels: {}, value: now.sumSeconds },
      { metricName: `${name}_count`, labels: {}, value: now.count },
    ]
    return { name, help, type: 'histogram', aggregator: 'sum', values }
  }
  Object.assign(new Histogram({ name, help, buckets, registers: [registry] }), { get, getForPromString: get })
}

type ShadowResult = 'equal' | 'different' | 'dropped'

/** Has the keys that sign or will sign read whenever somebody asks: until when they do, by their algorithm. */
export const measureKeys = ({ registry }: Metrics, ends: () => Promise<ReadonlyMap<string, number>>): void => {
  new Gauge({
    name: 'reeve_keys_expiry_timestamp_seconds',
    help: 'When the key that signs now is due to be followed by the next one',
    labelNames: ['use'],
    registers: [registry],
    async collect() {
      this.reset()
      for (const [use, atMs] of (await unlessGone(ends)) ?? []) this.set({ use }, atMs / 1000)
    },
  })
}

/** Has the counted identities read whenever somebody asks; the same on every replica. */
export const measureIdentities = ({ registry }: Metrics, counts: () => Promise<readonly Identities[]>): void => {
  new Gauge({
    name: 'reeve_identities',
    help: 'Identities of the register by their kind and state',
    labelNames: ['type', 'state'],
    registers: [registry],
    async collect() {
      this.reset()
      for (const { kind, state, identities } of (await unlessGone(counts)) ?? [])
        this.set({ type: kind, state }, identities)
    },
  })
}

// While the database is away, what else is measured is wanted most; what it would tell is then left out.
const unlessGone = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await read()
  } catch (error) {
    if (isDatabaseGone(error)) return undefined
    throw error
  }
}

interface Identities {
  readonly kind: string
  readonly state: string
  readonly identities: number
}

/** Counts what this replica recorded: an event is what happened, so what is counted cannot differ from the log. */
export const countEvents = (metrics: Metrics, drafts: readonly EventDraft[]): void => {
  for (const draft of drafts) {
    const { kind, outcome, decision, actor } = draft
    if (outcome === 'done') countSeen(metrics, draft)
    if (decision !== null) metrics.policyDecisions.inc({ decision: decision.outcome }, usesOf(draft))
    if (kind === 'policy.decision.evaluate') countPage(metrics, draft)
    if (kind === 'broker.token.issue') metrics.tokensIssued.inc({ grant: 'client_credentials', result: outcome })
    if (kind === 'broker.token.exchange') metrics.tokensIssued.inc({ grant: 'token_exchange', result: outcome })
    if (kind.endsWith('.quarantine') && outcome === 'done') metrics.containments.inc({ trigger: actor.principalType })
  }
}

/** Answers to questions are recorded many in one event, which says how many there are. */
const countPage = ({ policyDecisions }: Metrics, { evidence: { decisions, refused } }: EventDraft): void => {
  if (typeof decisions !== 'number' || typeof refused !== 'number') return
  policyDecisions.inc({ decision: 'allow' }, decisions - refused)
  policyDecisions.inc({ decision: 'deny' }, refused)
}

/** What verifiers tell: which tokens they saw, and how soon they had heard of a stop. */
const countSeen = ({ tokenVerifications, propagationSeconds }: Metrics, draft: EventDraft): void => {
  const { kind, evidence } = draft
  if (kind === 'broker.token.introspect')
    tokenVerifications.inc({ result: evidence.active === true ? 'active' : 'inactive' }, usesOf(draft))
  if (kind === 'observe.use.report') {
    tokenVerifications.inc({ result: 'allowed' }, Number(evidence.usesAllowed ?? 0))
    tokenVerifications.inc({ result: 'refused' }, Number(evidence.usesRefused ?? 0))
  }
  if (kind === 'broker.verifier.confirm' && typeof evidence.afterMs === 'number')
    propagationSeconds.observe(evidence.afterMs / 1000)
}

/** `/metrics` in Prometheus' text form, and the duration of every request by route. */
export const mountMetrics = (http: FastifyInstance, metrics: Metrics): void => {
  http.addHook('onResponse', async (request, reply) => {
    // The route's pattern, never the URL: a label must not hold what a caller sent.
    const route = request.routeOptions.url ?? 'unknown'
    metrics.requestSeconds.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    )
  })
  http.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  )
}
