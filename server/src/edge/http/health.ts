import type { FastifyInstance } from 'fastify'

/** What the server knows of itself, and why it takes no work where it is not `ok`. */
export interface ServerState {
  readonly status: 'ok' | 'starting' | 'stopping' | 'sealed' | 'set-back'
  readonly detail?: string
}

/** `/livez` (the process turns), `/healthz` (what it is doing) and `/readyz` (whether to send it work). */
export const mountHealth = (http: FastifyInstance, health: { state(): ServerState }): void => {
  http.get('/livez', async () => ({ status: 'alive' }))
  http.get('/healthz', async () => health.state())
  http.get('/readyz', async (_request, reply) => {
    const { status, detail } = health.state()
    return status === 'ok' ? { status: 'ready' } : reply.code(503).send({ status: 'not ready', detail })
  })
}
