import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What the server counts about itself; never with an identity as a label. */
export interface Metrics {
  readonly registry: Registry
  readonly auditEvents: Gauge
  readonly isSealed: Gauge
  readonly tokensIssued: Counter<'grant' | 'result'>
  readonly policyDecisions: Counter<'decision'>
  readonly containments: Counter<'trigger'>
  readonly revocationLag: Gauge
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
      help: 'Policy decisions',
      labelNames: ['decision'],
      registers,
    }),
    containments: new Counter({
      name: 'reeve_containments_total',
      help: 'Quarantines by what triggered them',
      labelNames: ['trigger'],
      registers,
    }),
    revocationLag: new Gauge({
      name: 'reeve_revocation_replica_lag_seconds',
      help: 'Age of the last change that this replica applied',
      registers,
    }),
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
