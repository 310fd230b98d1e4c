import type { FastifyInstance, FastifyRequest } from 'fastify'
import { coreFault } from '../../kit/fault.ts'

/** Where status lists come from. */
export interface StatusListSource {
  find(name: string): Promise<string | undefined>
}

/** `GET /status-lists/…` (Token Status List §8): public like the feed, for verifiers that follow none. */
export const mountStatusLists = (http: FastifyInstance, source: StatusListSource): void => {
  http.get('/status-lists/*', async (request: FastifyRequest<{ Params: { '*': string } }>, reply) => {
    const name = request.params['*']
    // §8.4 would tell how a list was at a time; what was is in the audit log, and a list of the past is nobody's proof.
    const list = request.url.includes('?') ? undefined : await source.find(name)
    if (list === undefined) throw coreFault('unknown_operation')
    return reply
      .header('cache-control', 'public, max-age=5')
      .header('access-control-allow-origin', '*')
      .type('application/statuslist+jwt')
      .send(list)
  })
}
