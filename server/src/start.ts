import { createApp } from './app.ts'
import { type Config, readConfig, unknownSettings, WrongSetting } from './config.ts'
import { openFoundation } from './foundation.ts'
import { systemClock } from './kit/clock.ts'
import { createLog, type Log } from './kit/log.ts'
import { systemRandom } from './kit/random.ts'
import { trimHeap } from './kit/trim-heap.ts'
import { newAdminCode } from './lifecycle/index.ts'
import { releaseOfficial } from './policy/index.ts'
import { startSentence } from './start-sentence.ts'

const random = systemRandom()

/** Starts the server of this environment and listens for the signals that end it; ends the process when it cannot. */
export const start = async (given: {
  environment: Readonly<Record<string, string | undefined>>
  words: readonly string[]
}): Promise<void> => {
  // Database, keys and checkpoint are for their owner alone, whatever folder somebody made for them.
  process.umask(0o077)
  try {
    const config = readConfig(given.environment)
    const log = createLog(config.logLevel)
    const unknown = unknownSettings(given.environment)
    if (unknown.length > 0) log.warn({ unknown }, 'the environment names settings that there are not: mistyped?')
    if (given.words.includes('--new-admin-code')) await printAdminCode(config, log)
    else await serve(config, log)
  } catch (error) {
    // What somebody at the terminal can mend is said in a sentence; anything else is our bug and keeps its stack.
    console.error(startSentence(error) ?? error)
    process.exit(1)
  }
}

const serve = async (config: Config, log: Log): Promise<void> => {
  const app = await createApp(config, {
    clock: systemClock,
    random,
    log,
    pid: process.pid,
    tell: (text) => process.stderr.write(text),
  })
  await app.start()
  // It checked the policies and may not be asked again for hours; of an idle server it would be a tenth of the memory.
  releaseOfficial()
  trimHeap()
  const stop = (signal: string, graceSeconds: number) => {
    log.info({ signal, graceSeconds }, 'stopping: finishing what has begun')
    app.stop(graceSeconds).then(
      () => process.exit(0),
      (error) => {
        log.error({ err: error }, 'did not stop cleanly')
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', () => stop('SIGTERM', config.graceSeconds))
  // Somebody at the terminal waits for it, and for nobody else.
  process.once('SIGINT', () => stop('SIGINT', 0))
}

/** The way back in when every admin lost the device: whoever has the machine and its key may become one. */
const printAdminCode = async (config: Config, log: Log): Promise<void> => {
  const tell = (text: string) => process.stderr.write(text)
  const foundation = await openFoundation(config, { clock: systemClock, random, log, pid: process.pid, tell })
  if ('isSealed' in foundation) {
    await foundation.close()
    throw new WrongSetting(foundation.why)
  }
  const code = await newAdminCode(foundation.database, systemClock.now(), random)
  await foundation.close()
  tell(
    `A code for a new admin, good for one hour:\n  reeve login --code ${code} --name "Your Name" --email you@example.com\n`,
  )
}
