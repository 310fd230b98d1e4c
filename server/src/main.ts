import { createApp } from './app.ts'
import { readConfig, WrongSetting } from './config.ts'
import { systemClock } from './kit/clock.ts'
import { FolderTaken } from './kit/lock.ts'
import { createLog } from './kit/log.ts'
import { systemRandom } from './kit/random.ts'
import { LedgerRolledBack } from './ledger/rolled-back.ts'

const random = systemRandom()

const start = async (): Promise<void> => {
  const config = readConfig(process.env, () => random.bytes(32))
  const log = createLog(config.logLevel)
  const app = await createApp(config, {
    clock: systemClock,
    random,
    log,
    pid: process.pid,
    tell: (text) => process.stderr.write(text),
  })
  await app.start()
  const stop = (signal: string) => {
    log.info({ signal }, 'stopping: finishing what has begun')
    app.stop().then(
      () => process.exit(0),
      (error) => {
        log.error({ err: error }, 'did not stop cleanly')
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', () => stop('SIGTERM'))
  process.once('SIGINT', () => stop('SIGINT'))
}

// What somebody at the terminal can mend is said in a sentence; anything else is our bug and keeps its stack.
start().catch((error: unknown) => {
  const isExpected = error instanceof WrongSetting || error instanceof FolderTaken || error instanceof LedgerRolledBack
  console.error(isExpected ? `reeve: ${error.message}` : error)
  process.exit(1)
})
