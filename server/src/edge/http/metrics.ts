import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { EventDraft } from '../../ledger/event.ts'

/** What the server counts about itself; never with an identity as a label. */
export interface Metrics {
  readonly registry: Registry
  readonly auditEvents: Gauge
  readonly isSealed: Gauge
  readonly tokensIssued: Counter<'grant' | 'result'>
  readonly policyDecisions: Counter<'decision'>
  readonly containments: Counter<'trigger'>
}

/** A registry with Reeve's own metrics and those of the process. */
export const createMetrics = (version: string): Metrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 20 })
  const registers = [registry]
  const build = new Gauge({ name: 'reeve_build_info', help: 'The running version', labelNames: ['version'], registers })
  build.set({ version }, 1)
  return {
    registry,
    auditEvents: new Gauge({ name: 'reeve_audit_events_total', help: 'Numbered entries of the audit log', registers }),
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
    policyDecisions: new Counter({
      name: 'reeve_policy_decisions_total',
      help: 'Recorded policy decisions',
      labelNames: ['decision'],
      registers,
    }),
    containments: new Counter({
      name: 'reeve_containments_total',
      help: 'Quarantines by the type of the principal that made them',
      labelNames: ['trigger'],
      registers,
    }),
  }
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

type ShadowResult = 'equal' | 'different' | 'dropped'

/** Counts what this replica recorded: an event is what happened, so what is counted cannot differ from the log. */
export const countEvents = (metrics: Metrics, drafts: readonly EventDraft[]): void => {
  for (const { kind, outcome, decision, actor } of drafts) {
    if (decision !== null) metrics.policyDecisions.inc({ decision: decision.outcome })
    if (kind === 'broker.token.issue') metrics.tokensIssued.inc({ grant: 'client_credentials', result: outcome })
    if (kind.endsWith('.quarantine') && outcome === 'done') metrics.containments.inc({ trigger: actor.principalType })
  }
}

/** `/metrics` in Prometheus' text form, and the duration of every request by route. */
export const mountMetrics = (http: FastifyInstance, metrics: Metrics): void => {
  const duration = new Histogram({
    name: 'reeve_http_request_duration_seconds',
    help: 'Duration of HTTP requests by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [metrics.registry],
  })
  http.addHook('onResponse', async (request, reply) => {
    // The route's pattern, never the URL: a label must not hold what a caller sent.
    const route = request.routeOptions.url ?? 'unknown'
    duration.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000)
  })
  http.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  )
}
