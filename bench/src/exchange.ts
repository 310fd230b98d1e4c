import { parseArgs } from 'node:util'
import { startLoad } from './token/load.ts'
import { measure } from './token/measured.ts'
import { registerActor } from './token/parties.ts'
import { profileReeve } from './token/profile-reeve.ts'
import { type Engine, publicPem, startReeve } from './token/reeve.ts'
import { createStops } from './token/stops.ts'
import { tellTwo } from './token/tell-two.ts'

// Token exchanges a second over HTTP, the full path: one identity acts for another at the resource of the token that it was
// sent (two decisions, two records, one signature); beside it, in turn, tokens by client credentials of the same server.

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    engine: { type: 'string', default: 'sqlite' },
    profile: { type: 'boolean', default: false },
  },
})
const engine: Engine = values.engine === 'postgres' ? 'postgres' : 'sqlite'

const measureExchange = async (): Promise<void> => {
  const stops = createStops()
  try {
    const load = stops.started(startLoad())
    const reeve = stops.started(await startReeve(engine, { isFilled: true }))
    const actor = await registerActor(reeve)
    const common = {
      pid: reeve.pid,
      jwksUrl: `${actor.issuer}/.well-known/jwks.json`,
      limitKey: publicPem(actor.privateKey),
    }
    const programs = [
      { ...common, name: 'exchange', client: actor, method: 'exchange' as const },
      { ...common, name: 'client credentials', client: reeve.client, method: 'secret' as const },
    ]
    const figures = await measure(load, programs, { method: 'exchange', seconds: Number(values.seconds) })
    tellTwo('exchange', { names: programs.map((one) => one.name), figures, other: 'clientCredentials' })
  } finally {
    await stops.stop()
  }
}

if (values.profile)
  await profileReeve({
    engines: [engine],
    methods: ['exchange'],
    seconds: Number(values.seconds),
    clientOf: registerActor,
  })
else await measureExchange()
