import assert from 'node:assert/strict'
import { findingRules } from '../live.ts'
import { onEveryEngine } from '../room.ts'
import { type FakeVendor, passesSuite } from './fake-vendor.ts'

// The management API of Okta as its reference has it: two items a page, the next one by one of two Link headers.

const PAGE = 2
const SECRET = 'an API token of nobody'
const app = (id: string) => ({
  ...{ id, label: id, status: 'ACTIVE', signOnMode: 'OPENID_CONNECT' },
  credentials: { oauthClient: { client_id: id, token_endpoint_auth_method: 'client_secret_basic' } },
  settings: { oauthClient: { grant_types: ['client_credentials'], redirect_uris: [] } },
})
const token = (id: string) => ({
  ...{ id, name: id, userId: '00u1', tokenWindow: 'P30D', created: '2026-01-01T00:00:00.000Z' },
  network: { connection: 'ANYWHERE' },
})

const lists = (): Record<string, unknown[]> => ({
  '/api/v1/apps': ['orders', 'billing', 'site'].map(app),
  '/api/v1/api-tokens': [token('00T1'), token('00T2')],
  '/api/v1/apps/orders/grants': [{ id: 'g1', scopeId: 'okta.users.manage', clientId: 'orders', status: 'ACTIVE' }],
})

const fakeOkta = (all: Record<string, unknown[]>): FakeVendor => ({
  vendor: 'okta',
  secret: SECRET,
  settings: (url) => ({ url }),
  partOf: ({ url }) => url.pathname.split('/').at(-1) ?? '',
  answer: ({ url: { pathname, searchParams }, headers }, url) => {
    if (headers.authorization !== `SSWS ${SECRET}`) return { status: 401, body: '{}' }
    const from = Number(searchParams.get('after') ?? '0')
    const items = all[pathname] ?? []
    const self = `<${url}${pathname}?limit=200>; rel="self"`
    const next = `<${url}${pathname}?limit=200&after=${from + PAGE}>; rel="next"`
    return {
      body: JSON.stringify(items.slice(from, from + PAGE)),
      headers: { link: items.length > from + PAGE ? `${self}, ${next}` : self },
    }
  },
})

onEveryEngine(
  'an organisation of Okta: pages, requests to wait, a right that lacks, an answer that is cut',
  async (room, t) => {
    const all = lists()
    const apps = all['/api/v1/apps'] ?? []
    const { live } = await passesSuite(room, t, {
      fake: fakeOkta(all),
      keys: ['okta:orders', 'okta:billing', 'okta:site', 'okta-token:00T1', 'okta-token:00T2'],
      part: 'apps',
      needs: /\(403\): it takes okta\.apps\.read/,
      takeAway: { key: 'okta:site', act: () => void apps.pop() },
    })
    assert.deepEqual(await findingRules(live, 'okta:orders'), [
      'app/static-secret',
      'app/wide-scopes',
      'posture/unowned',
    ])
  },
)
