import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Engine } from '../../server/src/kit/database.ts'
import { quantile } from '../../server/test/quantile.ts'
import { ISSUER, type Replicas, startReplicas } from '../../server/test/replicas/replicas.ts'
import { bySecret, claimsIn, postForm, setUpWorkload } from '../../server/test/workload.ts'
import { type Apis, startApis } from './revocation/apis.ts'
import { plotOf } from './revocation/plot.ts'

// From the acknowledgement of a stop to the 401 of a real API, over HTTP through the SDK's verifier: three replicas stop a
// token in turn (one on SQLite, which has one), a thousand verifiers in four processes follow them; those of a process share a feed, as they do unless told otherwise.

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    engine: { type: 'string', default: 'postgres' },
    verifiers: { type: 'string', default: '1000' },
    'own-feeds': { type: 'boolean', default: false },
    plot: { type: 'string' },
  },
})

const refuse = (message: string): never => {
  console.error(message)
  process.exit(2)
}
const seconds = Number(values.seconds)
if (!(seconds > 0)) refuse('--seconds is a number above 0')
const verifiers = Number(values.verifiers)
if (!(Number.isSafeInteger(verifiers) && verifiers >= 4 && verifiers <= 10_000))
  refuse('--verifiers is a whole number from 4 to 10000')
const engineOf = (name: string): Engine =>
  name === 'sqlite' || name === 'postgres' ? name : refuse('--engine is sqlite or postgres')
const engine = engineOf(values.engine)

const PROCESSES = 4
// Asked over HTTP in each round, of each process: in turn, so that over the rounds every API is asked.
const ASKED_EACH = 5

const measure = async (replicas: Replicas, programs: Apis[]): Promise<readonly number[]> => {
  const { servers, admin } = replicas
  const [first] = servers
  if (first === undefined) throw new Error('no server')
  const workload = await setUpWorkload(first, admin)
  const each = Math.ceil(verifiers / PROCESSES)
  const order = {
    issuer: ISSUER,
    audience: workload.audience,
    replicas: servers.map(({ url }) => url),
    verifiers: each,
    hasOwnFeeds: values['own-feeds'],
  }
  for (let at = 0; at < PROCESSES; at++) programs.push(await startApis(order))
  console.log(`${verifiers} verifiers in ${PROCESSES} processes follow ${servers.length} replicas on ${engine}`)
  const lateMs: number[] = []
  const endsAtMs = performance.now() + seconds * 1000
  for (let round = 0; performance.now() < endsAtMs; round++) {
    const server = servers[round % servers.length] ?? first
    const { body } = await postForm(server, '/oauth/token', bySecret(workload))
    const { jti, exp } = claimsIn(body.access_token)
    const asked = Array.from({ length: ASKED_EACH }, (_, at) => (round * ASKED_EACH + at) % each)
    const running = await Promise.all(programs.map((apis) => apis.run({ token: String(body.access_token), asked })))
    const expiresAt = new Date(Number(exp) * 1000).toISOString()
    await admin.client(server).broker.token.quarantine({ jti: String(jti), expiresAt, reason: 'a bench' })
    const acknowledgedAt = process.hrtime.bigint()
    const refused = (await Promise.all(running.map((each) => each.refused))).flat()
    for (const at of refused) lateMs.push(Math.max(0, Number(BigInt(at) - acknowledgedAt) / 1e6))
  }
  return lateMs
}

const programs: Apis[] = []
const replicas = await startReplicas(engine, engine === 'postgres' ? 3 : 1)
if (replicas === undefined) {
  console.error('no PostgreSQL here; `--engine sqlite` measures one replica')
  process.exit(2)
}
try {
  const lateMs = await measure(replicas, programs)
  const figure = (part: number): number => Math.round(quantile(lateMs, part) * 10) / 10
  if (values.plot !== undefined)
    writeFileSync(values.plot, plotOf(lateMs, `${verifiers} verifiers, ${replicas.servers.length} replicas, ${engine}`))
  console.log(`${lateMs.length} refusals; the last ${figure(1)} ms after its acknowledgement`)
  console.log(
    JSON.stringify({
      bench: 'revocation',
      unit: 'ms',
      verifiers,
      p50Ms: figure(0.5),
      p99Ms: figure(0.99),
      maxMs: figure(1),
    }),
  )
} finally {
  for (const program of programs) await program.stop()
  await replicas.stop()
}
