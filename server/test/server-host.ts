import { parentPort } from 'node:worker_threads'
import { type App, createApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { systemClock } from '../src/kit/clock.ts'
import { createLog } from '../src/kit/log.ts'
import { systemRandom } from '../src/kit/random.ts'
import type { Asked, Told } from './hosted-server.ts'

// The program of the thread on which tests have their servers.

const tell = (told: Told): void => parentPort?.postMessage(told)
const running = new Map<number, () => Promise<void>>()

const start = async (server: number, environment: Readonly<Record<string, string>>): Promise<App> => {
  const config = readConfig(environment)
  const write = (isTold: boolean) => (text: string) => tell({ server, wrote: { text, isTold } })
  const app = await createApp(config, {
    clock: systemClock,
    random: systemRandom(),
    log: createLog(config.logLevel, { write: write(false) }),
    pid: process.pid,
    tell: write(true),
  })
  running.set(server, () => app.stop(config.graceSeconds))
  await app.start()
  return app
}

parentPort?.on('message', ({ server, starts }: Asked) => {
  const failed = (error: unknown): void =>
    tell({ server, failed: error instanceof Error ? error : new Error(String(error)) })
  if (starts !== undefined) start(server, starts).then((app) => tell({ server, listens: app.url() }), failed)
  else (running.get(server)?.() ?? Promise.resolve()).then(() => tell({ server, stopped: true }), failed)
})
