import assert from 'node:assert/strict'
import { z } from 'zod'
import { nameOfUse, placeOfUse } from '../src/ledger/shared-event.ts'
import { onEveryServer } from './process.ts'
import { setUpWorkload } from './workload.ts'

const MANY = 60
const ADDRESS = '10.7.1.2'

onEveryServer(
  'of many uses of a key in one event each is explained by its request and by its decision, and counted',
  async ({ server, admin }) => {
    const { audience, team, api } = await setUpWorkload(server, admin)
    const { inventory, policy, broker, observe } = admin.client(server)
    const till = await inventory.identity.create({
      ...{ name: 'till-7', kind: 'device', owner: team, purpose: 'a till', environment: 'test' },
      classification: { functions: ['sync'], boundary: 'internal', blastRadius: 'read-only' },
      ...{ expiresAt: '30d', reviewAt: '20d' },
      tags: { business_unit: 'tests', application: 'tests', repository: 'tests/tests' },
    })
    const actions = ['orders.read']
    await policy.grant.create({ identity: till.id, resource: audience, actions, expiresAt: '20d' })
    const networks = ['10.7.0.0/16']
    const added = await broker.credential.add({
      identity: till.id,
      kind: 'api-key',
      resource: audience,
      actions,
      networks,
    })
    const ask = async (): Promise<string> => {
      const response = await fetch(`${server.url}/oauth/introspect`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${api.id}:${api.secret}`).toString('base64')}` },
        body: new URLSearchParams({ token: added.secret ?? '', source_ip: ADDRESS }),
      })
      assert.equal(z.object({ active: z.boolean() }).parse(await response.json()).active, true)
      return response.headers.get('x-request-id') ?? ''
    }
    const counted = async (line: string): Promise<number> => {
      const text = await (await fetch(`${server.url}/metrics`)).text()
      return Number(
        text
          .split('\n')
          .find((each) => each.startsWith(`${line} `))
          ?.slice(line.length + 1) ?? 0,
      )
    }
    await ask()
    const active = 'reeve_token_verifications_total{result="active"}'
    const before = await counted(active)
    const requests = await Promise.all(Array.from({ length: MANY }, ask))
    assert.equal((await counted(active)) - before, MANY)

    const { items } = await observe.event.search({ kind: 'broker.token.introspect', on: till.id, limit: 100 })
    const sharing = items.filter(({ evidence }) => Number(evidence.uses) > 1)
    const [event] = sharing
    assert.ok(event !== undefined, 'none shared an event')
    const uses = Number(event.evidence.uses)
    const shown = await observe.why.show({ id: event.id })
    assert.match(shown.because.join('\n'), new RegExp(`it holds ${uses} uses that are alike`))

    // By request: each that was told, and nobody beyond the last.
    for (const id of requests) {
      const why = await observe.why.show({ id })
      assert.match(why.summary, /broker\.token\.introspect on till-7 by orders-api was done/)
      const place = placeOfUse(id)
      const told = why.because.filter((line) => line.includes(' is use '))
      // Which of how many: it says nothing of the kind where it was alone.
      assert.deepEqual(
        told.map((line) => line.slice(0, line.indexOf(' of the '))),
        place === undefined ? [] : [`${id} is use ${place.at + 1}`],
      )
    }
    const beyond = nameOfUse(event.correlation.requestId, uses)
    await assert.rejects(observe.why.show({ id: beyond }), { code: 'nothing_to_explain' })

    // By decision: the same of every one of them.
    const decision = event.decision?.id ?? ''
    for (const at of [0, uses - 1]) {
      const id = nameOfUse(decision, at)
      const why = await observe.why.show({ id })
      assert.equal(why.id, id)
      assert.match(why.summary, /allowed/)
      const which = `${id} is use ${at + 1} of the ${uses} that its event holds: all are alike, and ${decision}.0 is the first`
      assert.ok(why.because.includes(which), why.because.join('\n'))
      const one = await policy.decision.show({ decision: id })
      assert.deepEqual([one.id, one.at, one.outcome], [id, event.at, 'allow'])
      assert.equal((await policy.decision.replay({ decision: id })).flipped, false)
      const found = await observe.event.search({ decision: id })
      assert.deepEqual(
        found.items.map((each) => each.id),
        [event.id],
      )
    }
    await assert.rejects(policy.decision.show({ decision: nameOfUse(decision, uses) }), { code: 'decision_not_found' })
  },
)
