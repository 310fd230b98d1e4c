/**
 * The whole story in eight steps, on a server of its own in a fresh folder. Needs no account, no Docker, no database.
 *
 *     npm run demo                      # tells the story, then leaves the server running
 *     npm run demo -- --once            # stops the server at the end; exit 0 only if every step came out as told
 *     npm run demo -- --once --seed 7   # the same with names made at random
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { tell } from './demo/tell.ts'

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    seed: { type: 'string' },
    port: { type: 'string', default: '0' },
  },
})
const seed = values.seed === undefined ? undefined : Number(values.seed)
if (seed !== undefined && !Number.isSafeInteger(seed)) {
  console.error('--seed takes a whole number')
  process.exit(1)
}

const folder = mkdtempSync(join(tmpdir(), 'reeve-demo-'))
mkdirSync(join(folder, 'keys'))
const told = await tell({ folder, seed, port: values.port, write: (text) => process.stdout.write(text) })
const { failures, server, stop } = told

if (values.once) {
  await stop()
  rmSync(folder, { recursive: true, force: true })
  console.log(
    failures.length === 0 ? '\nAll eight steps came out as told.' : `\nNot as told:\n- ${failures.join('\n- ')}`,
  )
  process.exit(failures.length === 0 ? 0 : 1)
}
console.log(`
The server goes on at ${server}. Stop it with Ctrl-C. In another terminal:
  export REEVE_SERVER=${server} REEVE_CONFIG=${join(folder, 'config')}
  npm run reeve -- identity list
  npm run reeve -- release identity orders-sync --reason "the demo is over"`)
process.once('SIGINT', () => void stop().then(() => process.exit(0)))
