import assert from 'node:assert/strict'
import { findingRules, openLive } from '../live.ts'
import { onEveryEngine } from '../room.ts'
import { googleError, pageOf, READER_KEY, tokenFor, tokenOf } from './fake-google.ts'
import { type FakeVendor, passesSuite, type Reply, startVendor, type VendorRequest } from './fake-vendor.ts'

// The Directory API as its reference has it: two people a page; what each let in has no pages.

const ADMIN = 'reeve-reader@acme.example'
const DIRECTORY = 'https://www.googleapis.com/auth/admin.directory.user'
const token = (userKey: string, clientId: string, ...scopes: readonly string[]) => ({
  ...{ kind: 'admin#directory#token', clientId, displayText: clientId, anonymous: false, nativeApp: false, userKey },
  scopes,
})
const password = (userKey: string, codeId: number) => ({
  ...{ kind: 'admin#directory#asp', codeId, name: 'printer', userKey },
  ...{ creationTime: '1785542400000', lastTimeUsed: '1787000000000' },
})

interface People {
  ids: string[]
  tokens: Record<string, unknown[]>
  passwords: Record<string, unknown[]>
}

const people = (): People => ({
  ids: ['101', '102', '103'],
  tokens: {
    101: [token('101', 'sync.example', 'https://www.googleapis.com/auth/drive')],
    103: [token('103', 'sync.example', 'https://mail.google.com/'), token('103', 'notes.example', 'openid')],
  },
  passwords: { 102: [password('102', 1)] },
})

const pathOf = ({ url }: VendorRequest) =>
  /^\/admin\/admin\/directory\/v1\/users(?:\/(\d+))?(?:\/(\w+))?$/.exec(url.pathname)

const fakeWorkspace = (all: People): FakeVendor => ({
  vendor: 'google-workspace',
  secret: READER_KEY,
  settings: (url) => ({ admin: ADMIN, endpoint: url }),
  partOf: (request) => {
    const [, id, list] = pathOf(request) ?? ['', '', 'token']
    return { tokens: 'tokens', asps: 'app-passwords' }[list ?? ''] ?? (id === undefined ? 'users' : (list ?? 'user'))
  },
  answer: (request) => {
    if (request.url.pathname === '/oauth2/token') return tokenFor(request)
    const [, id, list] = pathOf(request) ?? []
    const scope = `${DIRECTORY}.${list === undefined ? 'readonly' : 'security'}`
    if (request.headers.authorization !== `Bearer ${tokenOf({ scope, sub: ADMIN })}`)
      return googleError(401, 'authError')
    if (id === undefined) {
      assert.equal(request.url.searchParams.get('customer'), 'my_customer')
      assert.equal(
        request.url.searchParams.get('fields'),
        'nextPageToken,users(id)',
        'of people only their ids are asked',
      )
      return pageOf(
        request,
        'users',
        all.ids.map((each) => ({ id: each })),
      )
    }
    if (!all.ids.includes(id)) return googleError(404, 'notFound')
    if (list === undefined) return { body: JSON.stringify({ id }) }
    const items = list === 'tokens' ? all.tokens[id] : all.passwords[id]
    return { body: JSON.stringify({ kind: 'x', etag: 'y', ...(items === undefined ? {} : { items }) }) }
  },
})

const KEYS = ['google-client:sync.example', 'google-client:notes.example', 'google-asp:102/1']

onEveryEngine(
  'a customer of Google Workspace: pages, requests to wait, a right that lacks, an answer that is cut',
  async (room, t) => {
    const all = people()
    const { live } = await passesSuite(room, t, {
      fake: fakeWorkspace(all),
      keys: KEYS,
      part: 'app-passwords',
      needs: /\(403\): it takes the scope .*admin\.directory\.user\.security/,
      takeAway: { key: 'google-asp:102/1', act: () => void delete all.passwords[102] },
    })
    assert.ok((await findingRules(live, 'google-client:sync.example')).includes('app/wide-scopes'))
  },
)

onEveryEngine(
  'a scope that was not delegated costs only the parts that take it, and closes nothing',
  async (room, t) => {
    const fake = fakeWorkspace(people())
    let isDelegated = true
    const vendor = await startVendor(t, {
      ...fake,
      answer: (request, url): Reply => {
        const reply = fake.answer(request, url)
        if (isDelegated || request.url.pathname !== '/oauth2/token') return reply
        const isSecurity = reply.body.includes(tokenOf({ scope: `${DIRECTORY}.security`, sub: ADMIN }))
        return isSecurity ? { status: 401, body: '{"error":"unauthorized_client"}' } : reply
      },
    })
    const live = await openLive(room)
    const input = { name: 'live', vendor: fake.vendor, settings: fake.settings(vendor.url), secret: fake.secret }
    await live.call('inventory.connector.add', input)
    assert.equal((await live.run('live')).outcome, 'complete')
    isDelegated = false
    const lacking = await live.run('live')
    assert.deepEqual([lacking.outcome, lacking.gone, lacking.closed], ['partial', 0, 0])
    assert.deepEqual(
      lacking.gaps.map(({ part }: { part: string }) => part),
      ['tokens', 'app-passwords'],
    )
    assert.match(lacking.gaps[0].why, /it takes the scope .*\.security/)
  },
)

onEveryEngine(
  'who left in the middle of a run lets nothing in any more, and who is still there was not read',
  async (room, t) => {
    const all = people()
    const fake = fakeWorkspace(all)
    const missing: string[] = []
    const vendor = await startVendor(t, {
      ...fake,
      answer: (request, url) =>
        missing.some((id) => request.url.pathname.includes(`/${id}/`))
          ? googleError(404, 'notFound')
          : fake.answer(request, url),
      partOf: (request) => {
        // After the people were listed.
        if (fake.partOf(request) === 'tokens' && all.ids.length === 3 && missing.length === 0) all.ids.pop()
        return fake.partOf(request)
      },
    })
    const live = await openLive(room)
    const input = { name: 'live', vendor: fake.vendor, settings: fake.settings(vendor.url), secret: fake.secret }
    await live.call('inventory.connector.add', input)
    const left = await live.run('live')
    assert.deepEqual([left.outcome, left.gaps, left.sightings], ['complete', [], 2])
    missing.push('101')
    const lacking = await live.run('live')
    assert.deepEqual([lacking.outcome, lacking.gone], ['partial', 0])
    assert.match(lacking.gaps[0].why, /\(404\)/)
  },
)
