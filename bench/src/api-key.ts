import { parseArgs } from 'node:util'
import { startLoad } from './token/load.ts'
import { makeRequests } from './token/make-requests.ts'
import { measure } from './token/measured.ts'
import { registerDevice } from './token/parties.ts'
import { profileReeve } from './token/profile-reeve.ts'
import { startProgram } from './token/program.ts'
import { openConnection } from './token/raw-connection.ts'
import { type Engine, startReeve } from './token/reeve.ts'
import { createStops } from './token/stops.ts'
import { tellTwo } from './token/tell-two.ts'

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
    tellTwo('api-key', { names: programs.map((one) => one.name), figures, other: 'limit' }, (ours, limit) => ({
      cpuToLimit: Number((limit.cpuMicroseconds / ours.cpuMicroseconds).toFixed(2)),
    }))
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
