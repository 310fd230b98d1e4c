import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nothingShown, readBytes } from '../../read-batch.ts'
import { secretsSource } from './source.ts'

const read = (path: string, text: string) => {
  const shown = nothingShown()
  const settings = {
    salt: 'a salt for these tests only',
    now: new Date(0),
    sources: [secretsSource],
    fileBytesMax: 1e6,
  }
  readBytes({ path, repository: 'r', repositoryPath: path }, Buffer.from(text), settings, shown)
  assert.ok(!JSON.stringify(shown).includes('q7Rt2xLp9Wz4Kd8Vn3'), 'no secret leaves')
  return shown.sightings.map(({ draft }) => `${draft.where.line}: ${draft.evidence[0]}`)
}

const PASSWORD = 'q7Rt2xLp9Wz4Kd8Vn3'
const tailed = 'secret written as a literal ending in n3'

test('a secret in a message of Slack is found behind the escapes of its export, once, and told by channel, day and person', () => {
  const text = `url https://bot:${PASSWORD}@registry.internal/v2 and password = "${PASSWORD}&amp;"`
  const message = {
    type: 'message',
    user: 'U1',
    user_profile: { real_name: 'Ada' },
    ts: '1769850000.000100',
    text,
    blocks: [{ type: 'rich_text', elements: [{ type: 'text', text }] }],
  }
  const json = JSON.stringify([{ type: 'message', ts: '1769849000.1', text: 'hello' }, message], null, 1)
  const place = 'in a message of Ada in the channel #ops on 2026-01-31 at 09:00 UTC'
  const found = read('export/ops/2026-01-31.json', json.replaceAll('/', '\\/'))
  assert.deepEqual(found, [
    `14: URL with a user name and a password ending in n3 ${place}`,
    `14: password: secret written as a literal ending in 3& ${place}`,
  ])
})

test('a secret in an export of Confluence is told by page and space, of XML and of HTML alike', () => {
  const xml = `<?xml version="1.0"?>
<hibernate-generic>
<object class="BodyContent" package="p"><id name="id">9</id>
<property name="body"><![CDATA[<p>How to</p>
<p>password: <strong>${PASSWORD}</strong> for &amp;</p>]]></property>
<property name="content" class="Page" package="p"><id name="id">7</id>
</property></object>
<object class="Page" package="p"><id name="id">7</id>
<property name="title"><![CDATA[Deploying &amp; more]]></property>
<property name="space" class="Space" package="p"><id name="id">3</id></property></object>
<object class="Setting" package="p"><property name="password">${PASSWORD}</property></object>
<object class="Space" package="p"><id name="id">3</id><property name="name"><![CDATA[Platform]]></property></object>
</hibernate-generic>`
  const place = 'in the page Deploying & more of the space Platform'
  assert.deepEqual(read('wiki/entities.xml', xml), [
    `5: password: ${tailed} ${place}`,
    `11: password: ${tailed} in what is no page of the export (Setting)`,
  ])
  const html = `<html><head>
<title>Platform : Deploying &amp; more</title></head>
<body><div id="main-content" class="wiki-content">
<pre>api_key=&quot;${PASSWORD}&quot;</pre>
<a href="https://bot:${PASSWORD}@registry.internal/">https://bot:${PASSWORD}@registry.internal/</a>
<a
 href="https://bot:${PASSWORD}@other.internal/">there</a>
token: ${PASSWORD}</div></body></html>`
  assert.deepEqual(read('wiki/Deploying_7.html', html), [
    `4: api_key: ${tailed} ${place}`,
    `5: URL with a user name and a password ending in n3 ${place}`,
    `6: URL with a user name and a password ending in n3 ${place}`,
    `8: token: ${tailed} ${place}`,
  ])
})

test('a file that only looks like an export is read as any file is', () => {
  assert.deepEqual(read('a/2026-01-31.json', `{"password": "${PASSWORD}"}`), [`1: password: ${tailed}`])
  assert.deepEqual(read('a/2026-01-31.json', `[{"ts": "1", "password": "${PASSWORD}"}]`), [`1: password: ${tailed}`])
  assert.deepEqual(read('a/x.html', `<p>password="${PASSWORD}"</p>`), [`1: password: ${tailed}`])
})
