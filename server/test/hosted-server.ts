import { Worker } from 'node:worker_threads'
import { DEFAULTS, type Place, type RunningServer } from './process.ts'

/** What the thread of the servers is asked to do with one of them. */
export type Asked =
  | { readonly server: number; readonly starts: Readonly<Record<string, string>> }
  | { readonly server: number; readonly starts?: undefined }

/** What it says of one. */
export interface Told {
  readonly server: number
  /** What it wrote; to stderr where it `isTold` to the person at the terminal. */
  readonly wrote?: { readonly text: string; readonly isTold: boolean }
  readonly listens?: string
  readonly stopped?: true
  readonly failed?: Error
}

/**
 * Starts the server on a thread beside this one, with the settings and on the sockets that a process of its own would
 * have. The thread stays for the next one: loading the server and making it quick is most of what a process costs. What a
 * process does (signals, its end, its memory and event loop, the environment) needs one, of `startServer`.
 */
export const startHostedServer = async (
  place: Place,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningServer> => {
  const server = ++servers
  const written = { all: '', stderr: '' }
  const next = hear(server, ({ text, isTold }) => {
    written.all += text
    if (isTold) written.stderr += text
  })
  const { listens = '' } = await next({ server, starts: { ...DEFAULTS, ...place.environment, ...environment } })
  let stopped: Promise<Told> | undefined
  const ofFolder = running.get(place.folder) ?? new Set()
  running.set(place.folder, ofFolder)
  const stop = async () => {
    ofFolder.delete(stop)
    stopped ??= next({ server })
    await stopped
  }
  ofFolder.add(stop)
  return { url: listens, output: () => written.all, stderr: () => written.stderr, stop }
}

// The servers of each folder: a test that fails half way leaves none behind that would keep its process alive.
const running = new Map<string, Set<() => Promise<void>>>()

/** Stops those that still serve from this folder. */
export const stopHosted = async (folder: string): Promise<void> => {
  await Promise.all([...(running.get(folder) ?? [])].map((stop) => stop()))
  running.delete(folder)
}

let servers = 0
let thread: Worker | undefined
// While none runs, the thread keeps nobody's process alive.
let awaited = 0

const theThread = (): Worker => {
  thread ??= new Worker(new URL('server-host.ts', import.meta.url)).setMaxListeners(0)
  return thread
}

/** Listens to what is said of this server; gives how to ask and wait for the answer. */
const hear = (server: number, onWritten: (wrote: NonNullable<Told['wrote']>) => void) => {
  const host = theThread()
  let answer = (_: Told): void => undefined
  const listener = (told: Told): void => {
    if (told.server !== server) return
    if (told.wrote !== undefined) onWritten(told.wrote)
    else answer(told)
    if (told.stopped === undefined && told.failed === undefined) return
    host.off('message', listener)
    if (--awaited === 0) host.unref()
  }
  host.on('message', listener)
  if (++awaited === 1) host.ref()
  return (asked: Asked): Promise<Told> =>
    new Promise((resolve, reject) => {
      answer = (told) => (told.failed === undefined ? resolve(told) : reject(told.failed))
      host.postMessage(asked)
    })
}
