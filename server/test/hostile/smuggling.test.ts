import assert from 'node:assert/strict'
import { onEveryServer } from '../process.ts'
import { sendRaw } from './raw.ts'
import { eachOf } from './surface.ts'

// I6 of the trust bars: what two servers could read as two different requests is none.

const INNER = 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n'
const head = (...lines: string[]): string =>
  `${['POST /oauth/token HTTP/1.1', 'host: x', ...lines].join('\r\n')}\r\n\r\n`
const FORM = 'content-type: application/x-www-form-urlencoded'
const CHUNKED = 'transfer-encoding: chunked'
const length = (value: string | number) => `content-length: ${value}`

const CASES: Readonly<Record<string, string>> = {
  'CL.TE': `${head(FORM, length(6), CHUNKED)}0\r\n\r\n${INNER}`,
  'TE.CL': `${head(FORM, CHUNKED, length(4))}5c\r\n${INNER}\r\n0\r\n\r\n`,
  'TE.TE with an x': `${head(FORM, CHUNKED, 'transfer-encoding: x')}0\r\n\r\n${INNER}`,
  'TE x before': `${head(FORM, 'transfer-encoding: x', CHUNKED)}0\r\n\r\n${INNER}`,
  'TE xchunked': `${head(FORM, 'transfer-encoding: xchunked')}0\r\n\r\n${INNER}`,
  'TE chunked, identity': `${head(FORM, 'transfer-encoding: chunked, identity')}0\r\n\r\n${INNER}`,
  'TE identity': `${head(FORM, 'transfer-encoding: identity', length(5))}a=b&c${INNER}`,
  'TE with a space before the colon': `${head(FORM, 'transfer-encoding : chunked')}0\r\n\r\n${INNER}`,
  'TE with a vertical tab': `${head(FORM, 'transfer-encoding:\u000bchunked')}0\r\n\r\n${INNER}`,
  'TE with a null': `${head(FORM, 'transfer-encoding: chun\u0000ked')}0\r\n\r\n${INNER}`,
  'TE with quotes': `${head(FORM, 'transfer-encoding: "chunked"')}0\r\n\r\n${INNER}`,
  'TE and a length of zero': `${head(FORM, length(0), CHUNKED)}0\r\n\r\n${INNER}`,
  'two lengths': `${head(FORM, length(5), length(6))}a=b&c${INNER}`,
  'two lengths in one line': `${head(FORM, length('5, 6'))}a=b&c${INNER}`,
  'two equal lengths': `${head(FORM, length(5), length(5))}a=b&c${INNER}`,
  'a length with a plus': `${head(FORM, length('+5'))}a=b&c${INNER}`,
  'a negative length': `${head(FORM, length(-1))}a=b&c${INNER}`,
  'a hexadecimal length': `${head(FORM, length('0x5'))}a=b&c${INNER}`,
  'a length with a point': `${head(FORM, length('5.0'))}a=b&c${INNER}`,
  'a length with an exponent': `${head(FORM, length('5e0'))}a=b&c${INNER}`,
  'a length in other digits': `${head(FORM, length('\u0665'))}a=b&c${INNER}`,
  'a length beyond all numbers': `${head(FORM, length('9'.repeat(30)))}a=b&c${INNER}`,
  'an empty length': `${head(FORM, length(''))}a=b&c${INNER}`,
  'a length with a space before the colon': `${head(FORM, 'content-length : 5')}a=b&c${INNER}`,
  'a length with a space inside': `${head(FORM, length('5 0'))}a=b&c${INNER}`,
  'a folded header': head(FORM, 'x-a: b', ' c: d', length(0)) + INNER,
  'a folded length': `${head(FORM, 'content-length:', ' 5')}a=b&c${INNER}`,
  'a null in a header': head('x-a: b\u0000c', length(0)) + INNER,
  'a null in a name': head('x-\u0000a: b', length(0)) + INNER,
  'a bare line feed in a header': head('x-a: b\nx-c: d', length(0)) + INNER,
  'bare line feeds everywhere': `POST /oauth/token HTTP/1.1\nhost: x\n${length(0)}\n\n${INNER}`,
  'a bare carriage return in a header': head('x-a: b\rx-c: d', length(0)) + INNER,
  'a header without a name': head(': b', length(0)) + INNER,
  'a header without a colon': head('x-a', length(0)) + INNER,
  'a space in a name': head('x a: b', length(0)) + INNER,
  'a chunk size with a sign': `${head(FORM, CHUNKED)}+5\r\na=b&c\r\n0\r\n\r\n${INNER}`,
  'a chunk size in other digits': `${head(FORM, CHUNKED)}0x5\r\na=b&c\r\n0\r\n\r\n${INNER}`,
  'a chunk size beyond all numbers': `${head(FORM, CHUNKED)}${'f'.repeat(20)}\r\na=b&c\r\n0\r\n\r\n${INNER}`,
  'a negative chunk size': `${head(FORM, CHUNKED)}-1\r\na=b&c\r\n0\r\n\r\n${INNER}`,
  'a chunk that is longer than it says': `${head(FORM, CHUNKED)}2\r\na=b&c\r\n0\r\n\r\n${INNER}`,
  'a line feed behind a chunk size': `${head(FORM, CHUNKED)}5\na=b&c\r\n0\r\n\r\n${INNER}`,
  'a null in a chunk extension': `${head(FORM, CHUNKED)}5;\u0000\r\na=b&c\r\n0\r\n\r\n${INNER}`,
  'no host': `POST /oauth/token HTTP/1.1\r\n${length(0)}\r\n\r\n${INNER}`,
  'two hosts': `POST /oauth/token HTTP/1.1\r\nhost: a\r\nhost: b\r\n${length(0)}\r\n\r\n${INNER}`,
  'another version': `POST /oauth/token HTTP/1.9\r\nhost: x\r\n${length(0)}\r\n\r\n${INNER}`,
  'an old version': `POST /oauth/token HTTP/0.9\r\nhost: x\r\n${length(0)}\r\n\r\n${INNER}`,
  'a space in the target': `POST /oauth/token /x HTTP/1.1\r\nhost: x\r\n${length(0)}\r\n\r\n${INNER}`,
  'a null in the target': `POST /oauth/token\u0000 HTTP/1.1\r\nhost: x\r\n${length(0)}\r\n\r\n${INNER}`,
  'a method that nobody knows': `SMUGGLE /oauth/token HTTP/1.1\r\nhost: x\r\n${length(0)}\r\n\r\n${INNER}`,
}

/** The same to where a plain request is answered in front of the framework. */
const atTheDoor = (token: string): (readonly [string, string])[] =>
  Object.entries(CASES).map(([name, bytes]) => [
    `${name}, at the door`,
    bytes
      .replaceAll('/oauth/token', '/access/v1/evaluation')
      .replace(FORM, 'content-type: application/json')
      .replace('\r\n', `\r\nauthorization: Bearer ${token}\r\n`),
  ])

onEveryServer(
  'I6: a request that two servers could read in two ways is refused with 400, and its connection closed',
  async ({ server, admin }, t) => {
    const cases = [...Object.entries(CASES), ...atTheDoor(admin.token)]
    const wrong: string[] = []
    await eachOf(cases, 10, async ([name, bytes]) => {
      const { statuses, isClosed } = await sendRaw(server.url, Buffer.from(bytes, 'utf8'), 3_000)
      if (statuses.join() !== '400' || !isClosed) wrong.push(`${name}: ${statuses}, ${isClosed ? 'closed' : 'open'}`)
    })
    assert.deepEqual(wrong, [])
    t.diagnostic(`I6: ${cases.length} requests, all answered 400 once and closed`)
  },
)
