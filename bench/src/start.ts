import { parseArgs } from 'node:util'
import { bareStart, settledMb, startOf } from '../../server/test/crash/start-time.ts'
import { enrolAdmin, makePlace, type Place, startServer } from '../../server/test/process.ts'
import { quantile } from '../../server/test/quantile.ts'
import { setUpWorkload } from '../../server/test/workload.ts'

// A start until it is ready, on both engines, with existing data; beside it a limit, which is Node starting to do
// nothing, in turns. By the clock on the wall and in processor time, which others on the machine change less.

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } })
const seconds = Number(values.seconds)
if (!(seconds > 0)) {
  console.error('--seconds is a number above 0')
  process.exit(2)
}

interface Round {
  readonly readyMs: number
  readonly cpuMs: number
  readonly bareMs: number
  readonly bareCpuMs: number
  readonly idleMb: number
}

const ROUNDS_MIN = 5
const FIRST_SECONDS_PART = 0.5

const measure = async (place: Place): Promise<{ firstMs: number; rounds: readonly Round[] }> => {
  const { server: first, readyMs: firstMs } = await startOf(() => startServer(place))
  await setUpWorkload(first, await enrolAdmin(first))
  await first.stop()
  const rounds: Round[] = []
  const endsAtMs = performance.now() + seconds * 1000 * FIRST_SECONDS_PART
  while (rounds.length < ROUNDS_MIN || performance.now() < endsAtMs) {
    const bare = bareStart()
    const { server, readyMs, cpuMs } = await startOf(() => startServer(place))
    const idleMb = await settledMb(server)
    await server.stop()
    rounds.push({ readyMs, cpuMs, bareMs: bare.ms, bareCpuMs: bare.cpuMs, idleMb })
  }
  return { firstMs, rounds }
}

interface Figures extends Round {
  readonly firstMs: number
}

const figures: Figures[] = []
for (const engine of ['sqlite', 'postgres'] as const) {
  const place = await makePlace(engine, 'not made')
  if (place === undefined) {
    console.log('no PostgreSQL here; this is SQLite alone')
    continue
  }
  try {
    const { firstMs, rounds } = await measure(place)
    const median = (of: keyof Round): number =>
      Math.round(
        quantile(
          rounds.map((round) => round[of]),
          0.5,
        ),
      )
    const figure: Figures = {
      firstMs: Math.round(firstMs),
      readyMs: median('readyMs'),
      cpuMs: median('cpuMs'),
      bareMs: median('bareMs'),
      bareCpuMs: median('bareCpuMs'),
      idleMb: median('idleMb'),
    }
    figures.push(figure)
    console.log(
      `${engine.padEnd(9)} ${rounds.length} starts: ready after ${figure.readyMs} ms (${figure.cpuMs} of processor time), ` +
        `the first after ${figure.firstMs}; bare Node ${figure.bareMs} ms (${figure.bareCpuMs}); ${figure.idleMb} MB when idle`,
    )
  } finally {
    await place.remove()
  }
}
const worst = (of: keyof Figures): number => Math.max(...figures.map((each) => each[of]))
const limit = worst('bareMs')
console.log(
  JSON.stringify({
    bench: 'start',
    unit: 'ms',
    reeve: worst('readyMs'),
    limit,
    toLimit: Math.round((worst('readyMs') / limit) * 10) / 10,
    cpu: worst('cpuMs'),
    first: worst('firstMs'),
    idleMb: worst('idleMb'),
  }),
)
