import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandError } from './exit-code.ts'
import type { Surroundings } from './surroundings.ts'

const DEFAULT_SERVER = 'http://127.0.0.1:4650'

/** The server to speak to: the flag, the environment, the last login, or the one on this machine. */
export const serverUrl = (around: Surroundings, flag: string | undefined): string => {
  const [url, from] =
    flag !== undefined
      ? [flag, '--server']
      : around.serverUrl !== undefined
        ? [around.serverUrl, 'REEVE_SERVER']
        : [lastServer(around) ?? DEFAULT_SERVER, 'the last login']
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    throw new CommandError(`${from} is not the URL of a server: ${url}`, {
      next: `give one such as --server ${DEFAULT_SERVER}`,
    })
  if (parsed.username !== '' || parsed.password !== '' || parsed.search !== '' || parsed.hash !== '')
    throw new CommandError(`${from} must not carry a name, a password, a query or a fragment`, {
      next: `give it as ${parsed.origin}`,
    })
  return url.replace(/\/+$/, '')
}

/** The folder of what is kept of one server; its name says which, for whoever looks. */
export const serverFolder = (around: Surroundings, server: string): string =>
  join(around.configFolder, 'servers', encodeURIComponent(server).replaceAll('%', '_'))

/** The file that names the server of the last login. */
export const lastServerFile = (around: Surroundings): string => join(around.configFolder, 'last-server')

const lastServer = (around: Surroundings): string | undefined => {
  try {
    return readFileSync(lastServerFile(around), 'utf8').trim()
  } catch {
    return undefined
  }
}

/** How many servers somebody has logged in to from this machine. */
export const knownServers = (around: Surroundings): number => {
  try {
    return readdirSync(join(around.configFolder, 'servers')).length
  } catch {
    return 0
  }
}
