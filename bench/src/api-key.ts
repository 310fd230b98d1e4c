import { parseArgs } from 'node:util'
import { startLoad } from './token/load.ts'
import { makeRequests } from './token/make-requests.ts'
import { lineText, measure, ratioOf } from './token/measured.ts'
import { registerDevice } from './token/parties.ts'
import { profileReeve } from './token/profile-reeve.ts'
import { startProgram } from './token/program.ts'
import { openConnection } from './token/raw-connection.ts'
import { type Engine, startReeve } from './token/reeve.ts'
import { createStops } from './token/stops.ts'

// Introspections of an API key a second over HTTP, the full path: Reeve (authenticate who asks, find the key, networks,
// decide, durable record), and a bare server that answers the same bytes to anybody.

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    engine: { type: 'string', default: 'sqlite' },
    profile: { type: 'boolean', default: false },
  },
})
const engine: Engine = values.engine === 'postgres' ? 'postgres' : 'sqlite'

const measureKeys = async (): Promise<void> => {
  const stops = createStops()
  try {
    const load = stops.started(startLoad())
    const reeve = stops.started(await startReeve(engine, { isFilled: true }))
    const client = await registerDevice(reeve)
    const connection = await openConnection(client.port)
    const [request] = await makeRequests(client, 'api-key', 1)
    const { body: answer } = await connection.ask(request ?? Buffer.alloc(0))
    connection.close()
    const echo = stops.started(await startProgram('echo', { answer }))
    const common = { jwksUrl: undefined, limitKey: '' }
    const programs = [
      { ...common, name: `reeve, ${engine}`, pid: reeve.pid, client },
      { ...common, name: 'limit', pid: echo.pid, client: { ...client, port: echo.port } },
    ]
    const figures = await measure(load, programs, { method: 'api-key', seconds: Number(values.seconds) })
    const [ours, limit] = figures
    if (ours === undefined || limit === undefined) throw new Error('nothing was measured')
    for (const [at, one] of figures.entries()) console.log(lineText(programs[at]?.name ?? '', one))
    console.log(
      JSON.stringify({
        bench: 'api-key',
        unit: 'req/s',
        reeve: Math.round(ours.perSecond),
        limit: Math.round(limit.perSecond),
        toLimit: Number(ratioOf(ours, limit).toFixed(2)),
        cpuToLimit: Number((limit.cpuMicroseconds / ours.cpuMicroseconds).toFixed(2)),
        p99Ms: Number(ours.p99Ms.toFixed(1)),
        memoryMb: Math.round(ours.memoryMb),
      }),
    )
  } finally {
    await stops.stop()
  }
}

if (values.profile)
  await profileReeve({
    engines: [engine],
    methods: ['api-key'],
    seconds: Number(values.seconds),
    clientOf: registerDevice,
  })
else await measureKeys()
