import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { scannedFile } from '../../file.ts'
import { mcpSource } from './source.ts'

const told = (text: string, path: string) =>
  readSource(mcpSource, text, path).sightings.map(({ name, traits }) => [
    name.replace(/ in .*/, ''),
    traits.map(({ trait }) => trait).join(' '),
  ])

test('the servers of Goose and of Continue are seen in their YAML, with the tokens that they are handed', () => {
  const goose = `extensions:
  developer: {type: builtin, enabled: true}
  git:
    type: stdio
    cmd: npx
    args: [-y, some-git-server]
    envs: {GIT_TOKEN: q7Rt2xLp9Wz4Kd8Vn3}
  far:
    type: sse
    uri: https://mcp.acme.io/x?api_key=q7Rt2xLp9Wz4Kd8Vn3
`
  assert.deepEqual(told(goose, '.config/goose/config.yaml'), [
    ['Goose', ''],
    ['MCP server git', 'secret-in-settings mcp:unpinned-package'],
    ['MCP server far', 'secret-in-settings'],
  ])
  const list = `name: mine
mcpServers:
  - name: git
    command: npx
    args: [-y, some-git-server]
    env:
      GIT_TOKEN: q7Rt2xLp9Wz4Kd8Vn3
`
  assert.deepEqual(told(list, '.continue/config.yaml'), [
    ['Continue', ''],
    ['MCP server git', 'secret-in-settings mcp:unpinned-package'],
  ])
})

test('YAML that has extensions of something else is left alone', () => {
  const wants = (text: string) =>
    mcpSource.wants(scannedFile({ path: 'a.yml', repository: 'r', repositoryPath: 'a.yml' }, Buffer.from(text)))
  assert.equal(wants('extensions:\n  - sphinx\n'), false)
  assert.equal(wants('steps:\n  - type: sse\n'), false)
  assert.deepEqual(told('extensions:\n  a: {type: other}\nmore: {type: sse}\n', 'a.yml'), [])
})

test('a key in the query of a server’s URL is a credential of it', () => {
  for (const name of ['api_key', 'token', 'access_token', 'apikey']) {
    const text = JSON.stringify({ mcpServers: { far: { url: `https://mcp.acme.io/?${name}=q7Rt2xLp9Wz4Kd8Vn3` } } })
    assert.deepEqual(told(text, '.mcp.json')[1], ['MCP server far', 'secret-in-settings'], name)
  }
})
