import type { Engine } from '../../src/kit/database.ts'
import { type Admin, enrolAdmin, makePlace, type Place, type ServerProcess, startServer } from '../process.ts'

/** Several processes that serve one database. */
export interface Replicas {
  readonly place: Place
  readonly servers: readonly ServerProcess[]
  readonly admin: Admin
  stop(): Promise<void>
}

/** The name under which all of them issue. */
export const ISSUER = 'https://reeve.example.com'

/** Starts this many servers on one fresh database; undefined when its engine is not here. */
export const startReplicas = async (
  engine: Engine,
  count: number,
  given: Readonly<Record<string, string>> = {},
): Promise<Replicas | undefined> => {
  const place = await makePlace(engine)
  if (place === undefined) return undefined
  try {
    const environment = { REEVE_ISSUER: ISSUER, REEVE_DATABASE_POOL: '6', REEVE_LOG_LEVEL: 'info', ...given }
    // The first one makes the tables and names the admin.
    const first = await startServer(place, environment)
    const admin = await enrolAdmin(first)
    const others = await Promise.all(Array.from({ length: count - 1 }, () => startServer(place, environment)))
    const servers = [first, ...others]
    return {
      place,
      servers,
      admin,
      stop: async () => {
        await Promise.all(servers.map((server) => server.stop()))
        await place.remove()
      },
    }
  } catch (error) {
    await place.remove()
    throw error
  }
}
