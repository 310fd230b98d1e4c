import type { FastifyInstance } from 'fastify'

/** What the server knows of itself. `ready` is undefined when it may take work, else a sentence that says why not. */
export interface Health {
  whyNotReady(): string | undefined
  isSealed(): boolean
}

/** `/livez` (the process turns), `/healthz` (what it is doing) and `/readyz` (whether to send it work). */
export const mountHealth = (http: FastifyInstance, health: Health): void => {
  http.get('/livez', async () => ({ status: 'alive' }))
  http.get('/healthz', async () => ({
    status: health.isSealed() ? 'sealed' : health.whyNotReady() === undefined ? 'ok' : 'starting',
    ...(health.whyNotReady() === undefined ? {} : { detail: health.whyNotReady() }),
  }))
  http.get('/readyz', async (_request, reply) => {
    const why = health.whyNotReady()
    return why === undefined ? { status: 'ready' } : reply.code(503).send({ status: 'not ready', detail: why })
  })
}
