import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { startHostedServer } from '../hosted-server.ts'
import { mmdb } from '../mmdb.ts'
import { onEveryServer } from '../process.ts'
import { type ExportedEvent, eventsByRequest } from './audit.ts'
import { rawRequest, sendRaw } from './raw.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-region-'))
after(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'country.mmdb')
writeFileSync(file, mmdb({ '192.0.2.0/24': { country: { iso_code: 'DE' } } }))

const TEAMS = '/v1/inventory.team.list'
const RULE = `@id("people-in-germany")
forbid (principal is Reeve::Person, action == Reeve::Action::"inventory.team.list", resource)
unless { context has sourceRegion && context.sourceRegion == "DE" };`

onEveryServer(
  'a person is let in from the region that a rule names: it is that of the address which the trusted proxy saw (P6)',
  async ({ server, admin }) => {
    await admin
      .client(server)
      .call('policy.set.change', { put: [{ name: 'regions', file: 'regions.cedar', text: RULE }] })
    const from = async (...lines: string[]) => {
      const headers = [`authorization: Bearer ${admin.token}`, ...lines]
      const answer = await sendRaw(server.url, rawRequest('GET', TEAMS, { headers }))
      const id = /x-request-id: (\S+)/.exec(answer.text)?.[1] ?? ''
      const [event] = (await eventsByRequest(server, admin)).get(id) ?? []
      return [answer.statuses[0], regionOf(event)]
    }
    assert.deepEqual(await from('x-forwarded-for: 192.0.2.7'), [200, 'DE'])
    assert.deepEqual(await from('x-forwarded-for: 192.0.2.7, 198.51.100.1'), [403, 'unknown'])
    assert.deepEqual(await from('x-forwarded-for: 198.51.100.1', 'x-region: DE', 'cf-ipcountry: DE'), [403, 'unknown'])
    assert.deepEqual(await from(), [403, 'unknown'])
  },
  { REEVE_TRUSTED_PROXIES: '127.0.0.1', REEVE_GEO_DATABASE: file },
)

onEveryServer(
  'a server does not start on a file of regions that it cannot read, and says which setting names it',
  async ({ place }) => {
    const wrong = join(folder, 'wrong.mmdb')
    writeFileSync(wrong, 'country,DE')
    const data = { REEVE_DATA: join(place.folder, 'other') }
    for (const REEVE_GEO_DATABASE of [wrong, join(folder, 'none.mmdb')])
      await assert.rejects(startHostedServer(place, { ...data, REEVE_GEO_DATABASE }), /REEVE_GEO_DATABASE/)
  },
)

const regionOf = (event: ExportedEvent | undefined): unknown => event?.source.region
