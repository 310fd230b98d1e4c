import assert from 'node:assert/strict'
import { rounds } from '../../../test/rounds.ts'
import { onEveryServer } from '../process.ts'
import { rawRequest, sendRaw } from './raw.ts'
import { eachOf, routesOf, TELL_ROUTES } from './surface.ts'

// I2 of the trust bars. The routes are the server's own list.

// What says, in whatever way, that the body is JSON in UTF-8; the parser may take it, and then the validator must see it.
const CONTENT_TYPES: readonly (readonly string[])[] = [
  ...[
    'application/json',
    ' application/json',
    '\tapplication/json',
    '   \t application/json',
    'application/json ',
    'application/json\t',
    'APPLICATION/JSON',
    'Application/Json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json;  charset=utf-8',
    'application/json ; charset=utf-8',
    'application/json;\tcharset=utf-8',
    'application/json; charset="utf-8"',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/json; charset=utf-8; charset=utf-16',
    'application/json; charset=utf-8;',
    'application/json; boundary=x',
    'application/json;',
    'application/json;;',
    'application/json,',
    'application/json, text/plain',
    'text/plain, application/json',
    'application/json,application/json',
    'application/json x',
    'application/json\tx',
    'application/json/x',
    'application/jsonx',
    'application/json5',
    'xapplication/json',
    'application/x-json',
    'application/problem+json',
    'application/merge-patch+json',
    'application/json+x',
    'application/json%20',
    'application%2Fjson',
    'application/*',
    '*/*',
    'application',
    'application/',
    '/json',
    'json',
    'text/json',
    'text/plain',
    'text/plain; application/json',
    'text/html',
    'text/javascript',
    'application/octet-stream',
    'application/x-www-form-urlencoded; charset=utf-8; x=application/json',
    'multipart/form-data; boundary=x',
    'multipart/form-data',
    '"application/json"',
    'application /json',
    'application/ json',
    'application\\json',
    'appl\u00efcation/json',
    'application/json\u00a0',
    'application/json\u0001',
    'application/json\u0000',
    'application/json\u000b',
    '',
  ].map((value) => [`content-type:${value}`]),
  [],
  ['content-type: application/json', 'content-type: application/json'],
  ['content-type: application/json', 'content-type: text/plain'],
  ['content-type: text/plain', 'content-type: application/json'],
  ['content-type: application/json', 'Content-Type: application/x-www-form-urlencoded'],
  ['content-type : application/json'],
  ['content-type: application/json', 'content-encoding: gzip'],
  ['content-type: application/json', 'content-encoding: identity, br'],
]

// A field that nobody knows: who reads the body refuses it by its name, and who overlooks the body would take nothing.
const BODY = '{"unheardOf":1}'
// A body is read before any database is asked.
const EVERY = { sqlite: rounds({ quick: 7, full: 1 }), postgres: rounds({ quick: 17, full: 1 }) }

onEveryServer(
  'whatever a content type says, a body is either refused unread or read and validated, on every POST route',
  async ({ server, admin, place }, t) => {
    const every = EVERY[place.engine]
    const posts = routesOf(server).filter(({ method }, at) => method === 'POST' && at % every === 0)
    const asked = posts.flatMap((route) => CONTENT_TYPES.map((lines) => ({ route, lines })))
    const ends = { unread: 0, validated: 0, 'no HTTP': 0 }
    await eachOf(asked, 30, async ({ route, lines }) => {
      const headers = [`authorization: Bearer ${admin.token}`, ...lines]
      const answer = await sendRaw(server.url, rawRequest('POST', route.url, { headers, body: BODY }))
      const about = `${route.url} ${JSON.stringify(lines)}: ${answer.text}`
      assert.equal(answer.statuses.length, 1, about)
      ends[endOf(answer.text, answer.statuses[0] ?? 0, about)] += 1
    })
    t.diagnostic(
      `I2: ${CONTENT_TYPES.length} content types x ${posts.length} routes = ${asked.length} requests: ${JSON.stringify(ends)}`,
    )
    assert.ok(ends.validated > 0)
  },
  TELL_ROUTES,
)

const endOf = (text: string, status: number, about: string): 'unread' | 'validated' | 'no HTTP' => {
  // AuthZEN's errors are texts, and its certification wants 400 of a media type that is not JSON.
  if (status === 415 || (status === 400 && text.includes('(wrong_media_type, '))) return 'unread'
  // Node's own answer to what is no HTTP has no request id.
  if (status === 400 && !text.includes('x-request-id')) return 'no HTTP'
  const isValidated =
    (status === 400 && text.includes('unheardOf')) ||
    (status === 400 && text.includes('(invalid_input, ')) ||
    (status === 401 && /client_proof_missing|login_client_unknown/.test(text)) ||
    (status === 403 && text.includes('wrong_principal_type'))
  assert.ok(isValidated, about)
  return 'validated'
}
