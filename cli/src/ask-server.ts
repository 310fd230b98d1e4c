import { CommandError } from './exit-code.ts'
import { FIND_SERVER } from './failure.ts'
import type { Surroundings } from './surroundings.ts'

const TIMEOUT_MS = 5_000

/** What a server's page for machines said. */
export interface ServerAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  /** What the server's clock says, as far as it tells. */
  readonly date: Date | undefined
}

/** Asks a server for one of its pages that need no login. */
export const askServer = async (around: Surroundings, server: string, path: string): Promise<ServerAnswer> => {
  const limit = new AbortController()
  const cancel = around.clock.after(TIMEOUT_MS, () => limit.abort())
  try {
    const response = await fetch(`${server}${path}`, { redirect: 'error', signal: limit.signal })
    const body: unknown = await response.json().catch(() => undefined)
    const date = response.headers.get('date')
    return {
      status: response.status,
      body: typeof body === 'object' && body !== null ? { ...body } : {},
      date: date === null ? undefined : new Date(date),
    }
  } catch (cause) {
    const how = limit.signal.aborted ? `did not answer within ${TIMEOUT_MS / 1000} s` : 'gave no answer'
    throw new CommandError(`${server} ${how}`, { exitCode: 7, next: FIND_SERVER, cause })
  } finally {
    cancel()
  }
}
