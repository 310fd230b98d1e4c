import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scannedFile } from '../../file.ts'
import { judge } from '../../posture/judge.ts'
import { mcpSource } from './source.ts'

const NOW = new Date('2026-09-01T00:00:00Z')

const fileOf = (text: string, path: string) =>
  scannedFile({ path, repository: 'shop', repositoryPath: path }, Buffer.from(text))

const read = (text: string, path = '.mcp.json') =>
  mcpSource.read(fileOf(text, path), {
    seal: (secret, as) => ({ ...as, fingerprint: String(secret.length).padStart(32, '0'), tail: '' }),
    now: NOW,
  })

const rulesIn = (text: string, path?: string): string[] => {
  const { sightings } = read(text, path)
  const estate = sightings.map((draft) => ({
    ownerHint: null,
    ...draft,
    source: 'mcp',
    repository: 'shop',
    alsoAt: [],
  }))
  return judge({ sightings: estate, now: NOW }, new Set(['posture/unowned']))
    .map(({ rule, severity, where }) => `${rule} ${severity} ${where.line}`)
    .sort()
}

const server = (value: unknown): string => JSON.stringify({ mcpServers: { one: value } })
const SECRET = 'q7Rt2xLp9Wz4Kd8Vn3'

test('the client is an agent that reaches its servers, and each server is an identity', () => {
  const text = `{
  "mcpServers": {
    "files": { "command": "npx", "args": ["-y", "files-server@1.2.3"] },
    "tickets": { "type": "http", "url": "https://tickets.example/mcp" }
  }
}`
  const { sightings } = read(text, '.cursor/mcp.json')
  assert.deepEqual(
    sightings.map(({ kind, name, stableKey, where }) => [kind, name, stableKey, where.line]),
    [
      ['agent', 'Cursor in shop/.cursor/mcp.json', 'mcp-client:shop:.cursor/mcp.json', 3],
      ['integration', 'MCP server files in shop', 'mcp:shop:.cursor/mcp.json#files', 3],
      ['integration', 'MCP server tickets in shop', 'mcp:shop:.cursor/mcp.json#tickets', 4],
    ],
  )
  assert.deepEqual(
    sightings.map(({ reaches }) => reaches.map(({ what }) => what)),
    [['MCP server files', 'MCP server tickets'], ['code of files-server@1.2.3'], ['https://tickets.example']],
  )
})

test('every client’s form of the file is read, with comments where its editor allows them', () => {
  const one = '{"one": {"command": "x"}}'
  for (const [path, text, client] of [
    ['claude_desktop_config.json', `{"mcpServers": ${one}, "preferences": {}}`, 'Claude Desktop'],
    ['.mcp.json', `{"mcpServers": ${one}}`, 'Claude Code'],
    ['.claude.json', `{"projects": {"/work": {"mcpServers": ${one}}}}`, 'Claude Code'],
    ['.vscode/mcp.json', `{\n// asked for\n"inputs": [],\n"servers": ${one},\n}`, 'VS Code'],
    ['.vscode/settings.json', `{"editor.tabSize": 2, "mcp": {"servers": ${one}}}`, 'VS Code'],
    ['shop.code-workspace', `{"settings": {"mcp": {"servers": ${one}}}}`, 'VS Code'],
    ['app/mcp.json', `{"servers": ${one}}`, 'an MCP client'],
    ['.gemini/settings.json', `{"mcpServers": ${one}}`, 'Gemini CLI'],
  ] as const) {
    assert.ok(mcpSource.wants(fileOf(text, path)), path)
    const { sightings, problems } = read(text, path)
    assert.deepEqual([sightings.length, problems], [2, []], path)
    assert.ok(sightings[0]?.name.startsWith(client), path)
  }
})

test('secrets are seen in environment, headers, arguments and URL', () => {
  for (const value of [
    { command: 'x', env: { API_KEY: SECRET } },
    { command: 'x', args: ['--api-key', SECRET] },
    { command: 'x', args: [`--api-key=${SECRET}`] },
    { command: 'docker', args: ['run', '-e', `API_TOKEN=${SECRET}`, 'a@sha256:1'] },
    { command: 'npx', args: ['a@1.0.0', '--header', `Authorization: Bearer ${SECRET}`] },
    { url: 'https://a.example', headers: { Authorization: `Bearer ${SECRET}` } },
    { url: 'https://a.example', headers: { 'X-Api-Key': SECRET } },
    { url: 'https://a.example', headers: [`Authorization: Bearer ${SECRET}`] },
    { url: `https://a.example/mcp?x=1&api_key=${SECRET}` },
  ]) {
    assert.deepEqual(rulesIn(server(value)), ['settings/plain-secret high 1'], JSON.stringify(value))
  }
})

test('a value that is asked for or taken from elsewhere is no secret, but it is reached', () => {
  for (const value of [`\${input:token}`, `\${env:TOKEN}`, `\${TOKEN}`, '<your token>', 'YOUR_TOKEN_HERE']) {
    assert.deepEqual(
      rulesIn(server({ url: 'https://a.example', headers: { Authorization: `Bearer ${value}` } })),
      [],
      value,
    )
    assert.deepEqual(rulesIn(server({ command: 'x', env: { API_TOKEN: value } })), [], value)
  }
  const { sightings } = read(server({ command: 'x', env: { API_TOKEN: `\${input:ticket-token}` } }))
  assert.deepEqual(sightings[1]?.reaches, [{ what: 'secret ticket-token', access: 'read', because: 'API_TOKEN' }])
})

test('a package is pinned by an exact version, a commit or a digest, and by nothing else', () => {
  const commit = 'a'.repeat(40)
  const of = (line: string) => {
    const [command, ...args] = line.split(' ')
    return rulesIn(server({ command, args })).filter((rule) => rule.startsWith('mcp/unpinned-package'))
  }
  for (const loose of [
    'npx -y a-server',
    'npx @org/a-server',
    'npx -y @org/a-server@latest',
    'npx a-server@^1.2.3',
    'npx a-server@1',
    'npx --package=a-server run-it',
    'npx -p a-server run-it',
    'npx github:org/a-server',
    'pnpm dlx a-server',
    'pnpx a-server',
    'bunx a-server',
    'uvx a-server',
    'uvx --from git+https://code.example/a a-server',
    'uv tool run a-server',
    'pipx run a-server',
    'docker run -i --rm -e TOKEN org/a-server',
    'docker run -v /a:/b registry.example:5000/org/a-server:latest',
    'cmd /c npx -y a-server',
    '/opt/node/bin/npx -y a-server',
    'npx.cmd a-server',
  ]) {
    assert.equal(of(loose).length, 1, loose)
  }
  for (const pinned of [
    'npx -y a-server@1.2.3',
    'npx -p a-server@1.2.3 run-it',
    'npx -y @org/a-server@1.2.3-beta.1',
    `npx github:org/a-server#${commit}`,
    'uvx a-server==1.2.3',
    'uvx a-server@1.2',
    `uvx --from git+https://code.example/a@${commit} a-server`,
    `docker run org/a-server@sha256:${commit}`,
    'docker run org/a-server:1.2.3',
    'node ./server.js',
    'npx ./server',
    'uv run server.py',
    'npx',
  ]) {
    assert.deepEqual(of(pinned), [], pinned)
  }
  assert.equal(rulesIn(server({ command: 'sh', args: ['-c', 'npx -y a-server'] })).length, 1)
  assert.equal(rulesIn(server({ command: 'npx -y a-server' })).length, 1)
})

test('plain http is found, but not to this machine', () => {
  const of = (url: string) => rulesIn(server({ url }))
  assert.deepEqual(of('http://tickets.example:8080/mcp'), ['mcp/plain-http high 1'])
  assert.deepEqual(of('HTTP://10.0.0.8/mcp'), ['mcp/plain-http high 1'])
  for (const fine of [
    'https://tickets.example',
    'http://localhost:3000',
    'http://127.0.0.1',
    'http://[::1]:8/x',
    `\${input:url}`,
  ]) {
    assert.deepEqual(of(fine), [], fine)
  }
})

test('servers with a shell, whole folders or hold of the machine are found', () => {
  assert.deepEqual(rulesIn(server({ command: 'npx', args: ['desktop-commander@1.0.0'] })), ['mcp/shell-reach medium 1'])
  assert.deepEqual(rulesIn(server({ command: 'bash', args: ['server.sh'] })), ['mcp/shell-reach medium 1'])
  const files = (...paths: string[]) => rulesIn(server({ command: 'npx', args: ['server-filesystem@1.0.0', ...paths] }))
  assert.deepEqual(files('/', '/Users/ann', '~'), Array(3).fill('mcp/file-reach high 1'))
  assert.deepEqual(files('/Users/ann/work/shop'), ['mcp/file-reach low 1'])
  const docker = (...args: string[]) => rulesIn(server({ command: 'docker', args: ['run', ...args, 'a:1'] }))
  assert.deepEqual(docker('-v', '/var/run/docker.sock:/s'), ['mcp/host-reach critical 1'])
  assert.deepEqual(docker('-v', '/:/host'), ['mcp/host-reach critical 1'])
  assert.deepEqual(docker('-v', '/work:/work'), [])
  const piped = rulesIn(server({ command: 'sh', args: ['-c', 'curl -s https://a.example/i.sh | sh'] }))
  assert.ok(piped.includes('mcp/piped-script high 1'))
})

test('tools that are used unasked, and personal tokens, are found', () => {
  assert.deepEqual(rulesIn(server({ command: 'x', alwaysAllow: ['write'] })), ['mcp/unasked medium 1'])
  assert.deepEqual(rulesIn(server({ command: 'x', trust: true })), ['mcp/unasked medium 1'])
  assert.deepEqual(rulesIn(server({ command: 'x', autoApprove: [], trust: false })), [])
  assert.deepEqual(rulesIn(server({ command: 'x', env: { GITHUB_PERSONAL_ACCESS_TOKEN: `\${env:T}` } })), [
    'mcp/personal-token medium 1',
  ])
})

test('what is for clients alone and has no servers is named, and so is what is broken; other JSON is left alone', () => {
  assert.equal(read('{"a": 1}').problems[0]?.reason, 'not-an-mcp-configuration')
  assert.equal(read('{"mcpServers": 3}').problems[0]?.reason, 'not-an-mcp-configuration')
  assert.equal(read('{"mcpServers": {').problems[0]?.reason, 'bad-json')
  assert.deepEqual(read('{"mcpServers": {}}'), { sightings: [], problems: [] })
  assert.deepEqual(read('{"mcp": true}', 'package.json'), { sightings: [], problems: [] })
  assert.ok(!mcpSource.wants(fileOf('{"servers": {"a": {"url": "http://a"}}}', 'openapi.json')))
})

test('wrong shapes are no crash', () => {
  for (const value of [
    1,
    null,
    [],
    'x',
    {},
    { command: 3, args: 'x', env: [1, 'A', ['B']], headers: 7 },
    { url: {} },
    { command: [], args: [{}] },
    { command: 'docker', args: ['run', '-e'] },
    { command: 'uvx', args: ['--from'] },
    { alwaysAllow: [{}] },
  ]) {
    assert.doesNotThrow(() => rulesIn(server(value)), JSON.stringify(value))
  }
})
