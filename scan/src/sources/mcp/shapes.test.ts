import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { mcpSource } from './source.ts'

const serversIn = (content: unknown, path = 'settings.json') =>
  readSource(mcpSource, content, path).sightings.filter(({ kind }) => kind === 'integration')

const namesIn = (content: unknown, path?: string) => serversIn(content, path).map(({ name }) => name)

test('the servers of a client are found under whatever name it keeps them', () => {
  const server = { command: 'npx', args: ['-y', 'docs'] }
  for (const content of [
    { 'amp.mcpServers': { docs: server } },
    { context_servers: { docs: server } },
    { context_servers: { docs: { command: { path: 'npx', args: ['-y', 'docs'] } } } },
    { customizations: { vscode: { mcp: { servers: { docs: server } } } } },
    { mcp: { docs: { type: 'local', command: ['npx', '-y', 'docs'] } } },
  ]) {
    assert.deepEqual(namesIn(content), ['MCP server docs in estate'])
    assert.ok(
      serversIn(content)[0]?.reaches.some(({ what }) => what === 'code of docs'),
      JSON.stringify(content),
    )
  }
  assert.deepEqual(namesIn({ mcp: { docs: { enabled: true }, port: 1 } }), [])
})

test('a bridge reaches what it speaks to, and a variable in a header is a secret that is handed', () => {
  const reaches = (server: object) => serversIn({ mcpServers: { a: server } })[0]?.reaches.map(({ what }) => what)
  assert.deepEqual(reaches({ command: 'bridge', args: ['https://docs.example/sse'] }), ['https://docs.example'])
  for (const text of ['Bearer ${API_KEY}', '${env:API_KEY}', '{env:API_KEY}', '${API_KEY:-none}'])
    assert.ok(reaches({ url: 'https://docs.example/', headers: { 'X-Key': text } })?.includes('secret API_KEY'), text)
})
