import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { GROWTH_MAX, growth } from '../../../../test/growth.ts'
import { base62Crc } from './checksum.ts'
import { detect, detectors } from './detect.ts'

const find = (text: string, isProgram = false): string[] => {
  const bytes = Buffer.from(text, 'utf8')
  return detect(bytes, () => bytes.toString('latin1'), { isProgram }).map(({ detector, found }) => {
    return `${detector.id} ${found.confidence}`
  })
}

// Tokens are put together here, so that this file holds none.
const body = (length: number, from = 'aB3dE5gH7jK9mN2pQ4sT6vW8yZ'): string => from.repeat(20).slice(0, length)
const hex = (length: number): string => '3f9a0c7be15d82468fd0'.repeat(20).slice(0, length)
const join = (...parts: string[]): string => parts.join('')

test('a GitHub token whose checksum fits is sure, one whose checksum does not is hardly worth a look', () => {
  const random = body(30)
  assert.deepEqual(find(join('ghp', '_', random, base62Crc(random))), ['github-personal-token high'])
  assert.deepEqual(find(join('ghp', '_', random, '000000')), ['github-personal-token low'])
})

test('a key of our own is known by its form and its checksum, both ways the checksum is made', () => {
  const random = body(43)
  const head = `reeve_cs_production_${random}`
  assert.deepEqual(find(`${head}${base62Crc(head)}`), ['reeve-key high'])
  const apiKey = `reeve_ak_production_${random}`
  assert.deepEqual(find(`${apiKey}${base62Crc(apiKey)}`), ['reeve-key high'])
  assert.deepEqual(find(`reeve_ps_${random}${base62Crc(random)}`), ['reeve-key high'])
  assert.deepEqual(find(`reeve_ps_${random}000000`), ['reeve-key low'])
  assert.deepEqual(find(`reeve_ps_${random}`), [])
})

test('a secret at the end of a line is found whatever the next line begins with', () => {
  const line = `aws_secret_access_key = ${body(40)}`
  for (const next of ['', '\n', '\nregion = eu-west-1', '\r\nregion=x', '; next', '\n[profile two]'])
    assert.deepEqual(find(`${line}${next}`), ['aws-secret-access-key high'], JSON.stringify(next))
  assert.deepEqual(find(`${line}0`), [], 'a longer thing is no key of 40')
})

test('the checksum is the CRC-32 of the text in base 62, six digits', () => {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const value = [...base62Crc('any text')].reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0)
  assert.equal(value, crc32('any text'))
  // One in some sixty needs a leading zero.
  const small =
    Array.from({ length: 2000 }, (_, number) => `text ${number}`).find((text) => crc32(text) < 62 ** 5) ?? ''
  assert.match(base62Crc(small), /^0.{5}$/)
})

const FORMS: readonly (readonly [string, string])[] = [
  ['github-fine-grained-token', join('github', '_pat_', body(22), '_', body(59))],
  ['gitlab-personal-token', join('glpat', '-', body(20))],
  ['gitlab-runner-token', join('glrt', '-', body(20))],
  ['pypi-token', join('pypi', '-AgEIcHlwaS5vcmc', body(70))],
  ['docker-token', join('dckr', '_pat_', body(27))],
  ['aws-access-key-id', join('AK', 'IA', 'Q3EGRZ7PLXW2NB5T')],
  ['google-api-key', join('AI', 'za', body(35))],
  ['google-oauth-secret', join('GOCSPX', '-', body(28))],
  ['azure-client-secret', join('Ab1', '8Q~', body(34))],
  ['azure-storage-key', join('AccountKey=', body(86), '==')],
  ['digitalocean-token', join('dop', '_v1_', hex(64))],
  ['cloudflare-token', join('cfut', '_', body(40), hex(8))],
  ['anthropic-key', join('sk-', 'ant-api03-', body(93), 'AA')],
  ['openai-key', join('sk-', 'proj-', body(60), 'T3Blbk', 'FJ', body(60))],
  ['huggingface-token', join('hf', '_', body(34, 'aBdEgHjKmNpQsTvWyZ'))],
  ['groq-key', join('gsk', '_', body(52))],
  ['slack-token', join('xox', 'b-239847548633-2348975623000-', body(24))],
  ['slack-webhook', join('https://hooks.slack', '.com/services/T0AB12CD3/B0AB12CD3/', body(24))],
  ['telegram-bot-token', join('1029384756', ':AA', body(33))],
  ['stripe-key', join('sk', '_live_', body(24))],
  ['stripe-webhook-secret', join('wh', 'sec_', body(32))],
  ['sendgrid-key', join('SG', '.', body(22), '.', body(43))],
  ['twilio-key', join('S', 'K', hex(32))],
  ['shopify-token', join('shp', 'at_', hex(32))],
  ['airtable-token', join('pat', body(14), '.', hex(64))],
  ['scaleway-key-id', join('SC', 'W', 'Q3EGRZ7PLXW2NB5TQ')],
  ['nuget-key', join('oy', '2', 'q3egrz7plxw2nb5tq3egrz7plxw2nb5tq3egrz7plxw')],
  ['crates-token', join('ci', 'o', body(32))],
  ['linear-key', join('lin', '_api_', body(40))],
  ['notion-token', join('ntn', '_', '48201937465', body(35))],
  ['figma-token', join('figd', '_', body(40))],
  ['vault-token', join('hvs', '.', body(95))],
  ['terraform-token', join(body(14), '.atlas', 'v1.', body(65))],
  ['1password-service-token', join('ops', '_eyJ', body(300))],
  ['grafana-token', join('glsa', '_', body(32), '_', hex(8))],
  ['databricks-token', join('dapi', hex(32))],
  ['tailscale-key', join('tskey', '-auth-', body(12), '-', body(24))],
  ['newrelic-key', join('NRAK', '-', 'Q3EGRZ7PLXW2NB5TQ3EGRZ7PLXW')],
  ['azure-identifiable-key', join(body(76), '+A', 'St', body(5), 'A==')],
  ['azure-shared-access-key', join(body(33), 'AI', 'oT', body(5), 'E=')],
  ['azure-registry-password', join(body(42), '+A', 'CR', body(5), 'B')],
  ['azure-search-key', join(body(42), 'Az', 'SeC', body(5))],
  ['azure-cache-key', join(body(33), 'Az', 'CaG', body(5), '=')],
  ['azure-functions-key', join(body(44), 'Az', 'Fu', body(5), 'Q==')],
  ['azure-annotated-key', join(body(52), 'JQ', 'QJ99', body(26))],
  ['telegram-bot-token', join('68810680', ':AA', body(33))],
  ['plaid-token', join('access', '-production-', hex(8), '-', hex(4), '-', hex(4), '-', hex(4), '-', hex(12))],
  ['easypost-key', join('EZ', 'AK', body(54))],
  ['gocardless-token', join('li', 've_', body(40))],
  ['mollie-key', join('li', 've_', body(30))],
  ['lob-key', join('li', 've_', hex(35))],
  ['paddle-key', join('pdl', '_live_apikey_', hex(26), '_', body(22), '_', body(3))],
  ['brevo-key', join('xkey', 'sib-', hex(64), '-', body(16))],
  ['resend-key', join('re', '_', body(8), '_', body(24))],
  ['facebook-token', join('EA', 'AG', body(120))],
  ['dropbox-token', join('s', 'l.', body(135))],
  ['salesforce-session', join('00', 'D', body(12), '!A', body(95))],
  ['zoho-token', join('10', '00.', hex(32), '.', hex(32))],
  ['notion-old-token', join('sec', 'ret_', body(43))],
  ['clickup-token', join('p', 'k_28751943_', 'Q3EGRZ7PLXW2NB5TQ3EGRZ7PLXW2NB5T')],
  ['adobe-secret', join('p8', 'e-', hex(32))],
  ['maxmind-key', join(body(6), '_', body(29), '_m', 'mk')],
  ['openshift-token', join('sha', '256~', body(43))],
  [
    'nats-seed',
    join('-----BEGIN USER NK', 'EY SEED-----\nSU', 'Q3EGRZ7PLXW2NB5TQ3EGRZ7PLXW2NB5TQ3EGRZ7PLXW2NB5TQ3EGRZ7P'),
  ],
  ['newrelic-license-key', join(hex(36), 'NR', 'AL')],
  ['octopus-key', join('AP', 'I-', 'Q3EGRZ7PLXW2NB5TQ3EGRZ7PLX')],
  ['harness-token', join('pa', 't.', body(22), '.', hex(24), '.', body(20))],
  ['infisical-token', join('s', 't.', hex(24), '.', hex(32), '.', hex(32))],
  ['clickhouse-key', join('4b', '1d', body(38))],
  ['confluent-secret', join('cf', 'lt', body(60))],
  ['render-key', join('rn', 'd_', body(28))],
  ['yandex-key', join('t', '1.', body(40), '.', body(86))],
  ['tencent-key-id', join('AK', 'ID', body(32))],
  ['sourcegraph-token', join('sg', 'p_', hex(16), '_', hex(40))],
  ['segment-token', join('sg', 'p_', body(64))],
  ['snyk-token', join('sny', 'k_uat.', hex(8), '.', body(40), '.', body(40), '.', body(86))],
  ['posthog-key', join('ph', 'x_', body(43))],
  ['google-ai-key', join('A', 'Q.Ab', body(48))],
  ['nvidia-key', join('nv', 'api-', body(64))],
  ['elevenlabs-key', join('s', 'k_', hex(48))],
  ['deepseek-key', join('s', 'k-', hex(32))],
  ['age-secret-key', join('AGE-SECRET', '-KEY-1', 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'.repeat(2).slice(0, 58))],
]

for (const [id, token] of FORMS) {
  test(`${id}: found by its form between any punctuation, not inside a longer word`, () => {
    for (const around of [token, `"${token}"`, `KEY=${token}\n`, `(${token})`, `${token};`, `é${token}é`]) {
      assert.deepEqual(
        find(around).map((hit) => hit.split(' ')[0]),
        [id],
        around,
      )
    }
    // These start with a name or a scheme: there is no longer word that they could be part of.
    if (!['azure-storage-key', 'slack-webhook', 'nats-seed'].includes(id))
      assert.ok(!find(`x${token}`).some((hit) => hit.startsWith(`${id} `)), 'glued before')
  })
}

test('a placeholder, a variable, a masked value or a word from the manual is no secret', () => {
  const values = [
    'changeme-example',
    `\${DB_PASSWORD}`,
    '$DB_PASSWORD',
    '{{ db_password }}',
    '<password>',
    'xxxxxxxxxxxx',
    '************',
    'your-password-here',
    'REPLACE_WITH_PASSWORD',
    'None',
    'undefined',
    '%DB_PASSWORD%',
    '/run/secrets/db-password',
    'vault:secret/data/db#password',
  ]
  for (const value of values) {
    assert.deepEqual(find(`DB_PASSWORD=${value}`), [], value)
    assert.deepEqual(find(`postgres://app:${value}@db.internal:5432/app`), [], value)
  }
  assert.deepEqual(find('AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'), [])
})

test('an option of a command or the last word of a sentence is no password, and what only looks like one is', () => {
  for (const line of [
    'PASS: --only-keep-debug for ELF relocatables',
    'PASS: -mlfence-before-indirect-branch=register',
    '--user and --password respectively.  Renamed',
  ])
    assert.deepEqual(find(line), [], line)
  for (const value of ['-mQ7vT-kfence=yes9', '--Rt2xLp9Wz4Kd8', 'r3spectively.xK9'])
    assert.deepEqual(find(`PASS: ${value}`), ['assigned-secret medium'], value)
})

test('a password in a URL of the hosts of manuals goes over no network, one of another host does', () => {
  const traits = (host: string) => {
    const text = `http://app:q7Rt2xLp9Wz4@${host}/`
    return detect(Buffer.from(text, 'latin1'), () => text, { isProgram: false }).flatMap(({ found }) =>
      (found.account?.traits ?? []).map(({ trait }) => trait),
    )
  }
  for (const host of ['example.com', 'sub.example.org:8080', 'localhost']) assert.deepEqual(traits(host), [], host)
  for (const host of ['api.acme.io', 'notexample.com', 'example.com.acme.io'])
    assert.deepEqual(traits(host), ['plain-text-transport'], host)
})

test('logins that programs keep are found: a .netrc, and the registries of a container engine', () => {
  const password = 'q7Rt2xLp9Wz4Kd8Vn3'
  assert.deepEqual(find(`machine git.acme.example login ci password ${password}\n`), ['netrc-password high'])
  assert.deepEqual(find(`machine git.acme.example\n  login ci\n  password ${password}`), ['netrc-password high'])
  const auth = (login: string) => find(`{"auths":{"r.example":{"auth": "${Buffer.from(login).toString('base64')}"}}}`)
  assert.deepEqual(auth(`ci:${password}`), ['registry-login high'])
  for (const none of ['machine learning login page password reset', 'machine h login u password <password>'])
    assert.deepEqual(find(none), [], none)
  for (const none of ['no colon in it', 'ci:changeme-example', 'ci:${PASSWORD}', ':', 'a\u0001:bbbbbbbbb'])
    assert.deepEqual(auth(none), [], none)
})

test('a name that only sounds like a secret is none', () => {
  for (const name of [
    'max_tokens',
    'token_type',
    'secretName',
    'password_file',
    'TOKEN_URL',
    'csrfToken',
    'nextToken',
  ]) {
    assert.deepEqual(find(`${name}: "q7Rt2xLp9Wz4Kd8Vn3"`), [], name)
  }
})

test('in a program only a literal is a secret, in settings also a bare value', () => {
  assert.deepEqual(find('password = settings.database.password2', true), [])
  assert.deepEqual(find('const apiKey = makeKey8(input.value1)', true), [])
  assert.deepEqual(find('const apiKey = "q7Rt2xLp9Wz4Kd8Vn3"', true), ['assigned-secret medium'])
  assert.deepEqual(find('api_key: q7Rt2xLp9Wz4Kd8Vn3'), ['assigned-secret medium'])
})

test('the password in a URL is found whatever the store, and told from a template', () => {
  for (const scheme of [
    'postgres',
    'mysql',
    'mongodb+srv',
    'redis',
    'amqps',
    'jdbc:postgresql',
    'postgresql+asyncpg',
  ]) {
    assert.deepEqual(find(`${scheme}://app:r7kWq2mZ@db.internal/app`), ['database-url high'], scheme)
  }
  assert.deepEqual(find('https://bot:r7kWq2mZ@registry.internal/v2'), ['basic-auth-url high'])
  assert.deepEqual(find(`https://bot:\${TOKEN}@registry.internal/v2`), [])
})

test('a private key is found whole, also escaped inside JSON, and an empty frame is not', () => {
  const key = `${body(64)}\n${body(64)}`
  const frame = (inner: string) => join('-----BEGIN ', 'PRIVATE KEY-----\n', inner, '\n-----END ', 'PRIVATE KEY-----')
  assert.deepEqual(find(frame(key)), ['private-key high'])
  assert.deepEqual(find(JSON.stringify({ key: frame(key) })), ['private-key high'])
  assert.deepEqual(find(frame('...')), [])
  const account = {
    type: 'service_account',
    private_key: frame(key),
    client_email: 'bot@acme-1.iam.gserviceaccount.com',
  }
  assert.deepEqual(find(JSON.stringify(account)), ['gcp-service-account-key high'])
})

test('the same key has one fingerprint however its lines are broken', () => {
  const frame = (inner: string) => join('-----BEGIN ', 'PRIVATE KEY-----\n', inner, '\n-----END ', 'PRIVATE KEY-----')
  const secretOf = (text: string) => detect(Buffer.from(text), () => text, { isProgram: false })[0]?.found.secret
  const plain = secretOf(frame(`${body(64)}\n${body(40)}`))
  assert.equal(secretOf(JSON.stringify(frame(body(104).slice(0, 64) + body(40)))), secretOf(frame(body(64) + body(40))))
  assert.ok(plain !== undefined)
})

test('where two detectors know one secret, the more specific has it', () => {
  assert.deepEqual(find(join('API_KEY=', 'sk', '_live_', body(24))), ['stripe-key high'])
})

test('no two detectors have the same name', () => {
  assert.equal(new Set(detectors.map(({ id }) => id)).size, detectors.length)
})

test('what a file made to be slow costs grows with its length, not with the square of it', () => {
  const words = new Set(detectors.flatMap(({ keywords }) => keywords))
  const evil = [...words].flatMap((word) => [word, `${word}=a`, `${word} `, `${word}://a:`])
  const slow = evil.flatMap((word) => {
    const grown = growth((length) => {
      const bytes = Buffer.from(word.repeat(Math.ceil(length / word.length)))
      const text = bytes.toString('latin1')
      return () => detect(bytes, () => text, { isProgram: false })
    }, 5_000)
    return grown < GROWTH_MAX ? [] : [`${word}: ${grown.toFixed(1)}`]
  })
  assert.deepEqual(slow, [])
})

test('what is left out before the file is made a text is never a secret', () => {
  const cautious = detectors.filter(({ mayBegin }) => mayBegin !== undefined)
  assert.ok(cautious.length >= 3)
  // In the order in which a secret has them, any of them left out or another in its place.
  const maybe = (...texts: string[]) => fc.constantFrom('', ...texts)
  const word = maybe(
    'db_',
    'password',
    'secret',
    'apikey',
    '_pass',
    'postgres',
    'https',
    'x',
    'é',
    '--',
    '${',
    'name: ',
  )
  const quote = maybe('"', "'", '`')
  const blanks = maybe(' ', '\t ', '        ', '\n')
  const sign = maybe(
    ':',
    '=',
    '=>',
    ':=',
    '(',
    '>',
    '://',
    ',',
    ': |\n',
    ':-',
    ', value:',
    '</key><string>',
    ': string =',
    ' ?? ',
  )
  const value = fc.constantFrom('r7kWq2', 'q7', 'q7Rt2xLp9Wz4Kd8Vn3bT6yHs', 'app:r7kWq2mZ@db', '=r7kWq2', '{', 'é', ',')
  const parts = fc.tuple(word, word, quote, maybe(']'), blanks, sign, blanks, quote, value, quote)
  fc.assert(
    fc.property(parts, fc.boolean(), (given, isProgram) => {
      const text = Buffer.from(given.join('')).toString('latin1')
      const bytes = Buffer.from(text, 'latin1')
      for (const { keywords, mayBegin, find: findAt } of cautious)
        for (const keyword of keywords)
          for (let at = text.indexOf(keyword); at !== -1; at = text.indexOf(keyword, at + 1))
            if (findAt(text, at, { isProgram })) assert.ok(mayBegin?.(bytes, at, { isProgram }), `${keyword} at ${at}`)
    }),
    { numRuns: 3_000 },
  )
})
