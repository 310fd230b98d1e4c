import assert from 'node:assert/strict'
import { CLAIMED, KNOWN, setUpClaims } from '../claimed-facts.ts'
import { onEveryServer } from '../process.ts'
import { createPep, ownToken } from './pep.ts'

// P6 of the trust bars, for what the register, the findings and the network state.

onEveryServer(
  'no member of an AuthZEN question states region, risk, approval, pipeline, attestation or posture (P6)',
  async ({ server, admin }) => {
    const { workload, name: id } = await setUpClaims(server, admin)
    const api = createPep(server.url, await ownToken(server, workload.api))
    // Asked about itself, an identity comes with facts of its own, which it cannot claim either.
    const self = createPep(server.url, await ownToken(server, workload))
    const subject = { type: 'identity', id: workload.name }
    const resource = { type: 'resource', id }
    // The front door answers the first, and the second goes the ordinary way.
    for (const [pep, headers] of [
      [api, {}],
      [self, { 'content-type': 'application/json; charset=utf-8' }],
    ] as const) {
      const ask = async (action: string, stated: object) => {
        const { status, body } = await pep.ask(
          'evaluation',
          { subject, action: { name: action }, resource, ...stated },
          headers,
        )
        return [status, body.decision]
      }
      for (const { action, lie, spellings } of CLAIMED)
        for (const name of spellings) {
          const claim = { [name]: lie }
          for (const stated of [
            { context: claim },
            { context: { context: claim, request: claim, ...claim } },
            { subject: { ...subject, properties: claim } },
            { resource: { ...resource, properties: claim } },
            { action: { name: action, properties: claim } },
            { action: { name: action, ...claim } },
            claim,
          ])
            assert.deepEqual(await ask(action, stated), [200, false], `${action} ${JSON.stringify(stated)}`)
          // What holds by the server's facts is not lost either.
          assert.deepEqual(await ask(KNOWN, { context: claim }), [200, true], name)
        }
    }
  },
)
