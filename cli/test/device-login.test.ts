import assert from 'node:assert/strict'
import { join } from 'node:path'
import { onEveryServer } from '../../server/test/process.ts'
import { processSurroundings } from '../src/surroundings.ts'
import { reeveHere } from './reeve-here.ts'

onEveryServer(
  'a machine without a key is logged in from where somebody is logged in',
  async ({ server, admin, place }) => {
    const invited = await admin.client(server).lifecycle.person.invite({ roles: [{ role: 'viewer', team: null }] })
    const here = { serverUrl: server.url }
    const laptop = reeveHere({ ...here, configFolder: join(place.folder, 'laptop') })
    const enrolled = await laptop(['login', '--code', invited.code, '--name', 'Ben', '--email', 'ben@example.com'])
    assert.equal(enrolled.code, 0, enrolled.err)

    let told = ''
    const approved: Promise<unknown>[] = []
    const { clock } = processSurroundings()
    const machine = reeveHere({
      ...here,
      configFolder: join(place.folder, 'machine'),
      err: (text) => {
        told += text
      },
      // As soon as it waits, the person at the laptop has read the code.
      clock: {
        ...clock,
        after: (ms, run) => {
          if (ms !== 5_000) return clock.after(ms, run)
          const code = /your code: (\S+)/.exec(told)?.[1] ?? ''
          if (approved.length === 0) approved.push(laptop(['device', 'approve', code, '--yes']))
          void Promise.all(approved).then(run)
          return () => undefined
        },
      },
    })
    const { code, out } = await machine(['login', '--device', '--json'])
    assert.equal(code, 0, told)
    const { person } = JSON.parse(out)
    const [approval] = await Promise.all(approved)
    assert.match(JSON.stringify(approval), /asked for from 127\.0\.0\.1/)
    const who = await machine(['whoami', '--json'])
    assert.deepEqual([JSON.parse(who.out).person.id, JSON.parse(who.out).person.name], [person, 'Ben'])

    const wrong = await machine(['login', '--device', '--code', 'x'])
    assert.equal(wrong.code, 1)
    const unknown = await laptop(['device', 'approve', 'BCDF-GHJK', '--yes'])
    assert.notEqual(unknown.code, 0)
    assert.equal((await laptop(['device', 'refuse', 'BCDF-GHJK'])).code, unknown.code)
    // Without somebody to agree nothing is approved.
    assert.equal((await laptop(['device', 'approve', 'BCDF-GHJK', '--no-input'])).code === 0, false)
  },
)
