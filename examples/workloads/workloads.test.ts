import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { everyCommand } from '../../cli/src/every-command.ts'
import { buildCommand } from '../../cli/src/run-command-line.ts'

const FOLDER = import.meta.dirname
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8')
// What a file is made of is looked at below, whatever its shape is.
// biome-ignore lint/suspicious/noExplicitAny: as above
type Document = any
const documentsOf = (name: string): Document[] =>
  parseAllDocuments(read(name)).map((document) => {
    assert.deepEqual(document.errors, [], name)
    return document.toJS()
  })
const inTemporary = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-workloads-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

/** The words of a line without anything that a shell would expand in more than one. */
const wordsOf = (line: string): string[] => line.split(' ').map((word) => word.replaceAll('"', ''))

/** Each `reeve` line of the files, as its words. */
const linesOf: Readonly<Record<string, () => string[][]>> = {
  'github-actions.yml': () =>
    documentsOf('github-actions.yml')[0].jobs.sync.steps.map(({ run }: { run: string }) => wordsOf(run)),
  'gitlab-ci.yml': () => documentsOf('gitlab-ci.yml')[0].sync.script.map(wordsOf),
  'kubernetes.yaml': () => [['reeve', ...documentsOf('kubernetes.yaml')[1].spec.template.spec.initContainers[0].args]],
  crontab: () => [cronLine().command].map(wordsOf),
  'orders-sync.service': () => [
    wordsOf(unitOf().ExecStart?.[0] ?? '').map((word) => word.replace(/^.*\/reeve$/, 'reeve')),
  ],
  Dockerfile: () => [
    [...JSON.parse(instructions().ENTRYPOINT?.[0] ?? ''), ...JSON.parse(instructions().CMD?.[0] ?? '')],
  ],
}

const cronLine = () => {
  const line = read('crontab').trimEnd().split('\n').at(-1) ?? ''
  const [, when = '', command = ''] = /^((?:\S+ ){5})(.*)$/.exec(line) ?? []
  return { when: when.trimEnd(), command }
}

const unitOf = (): Record<string, string[] | undefined> =>
  grouped([...read('orders-sync.service').matchAll(/^(\w+)=(.*)$/gm)])
const instructions = (): Record<string, string[] | undefined> =>
  grouped([...read('Dockerfile').matchAll(/^([A-Z]+) (.*)$/gm)])
const grouped = (found: readonly RegExpExecArray[]): Record<string, string[]> => {
  const all: Record<string, string[]> = {}
  for (const [, name = '', value = ''] of found) all[name] = [...(all[name] ?? []), value]
  return all
}

test('every line of the examples that runs reeve is one that it takes, for one identity, resource and program', async () => {
  const commands = everyCommand()
  for (const [name, lines] of Object.entries(linesOf)) {
    const ours = lines().filter(([first]) => first === 'reeve')
    assert.equal(ours.length, 1, name)
    const [, word = '', ...rest] = ours[0] ?? []
    const entry = commands.get(word)
    assert.ok(entry !== undefined, `${name}: reeve ${word}`)
    const command = await buildCommand(entry)
    command.exitOverride().configureOutput({ writeErr: () => undefined })
    command.action(() => undefined)
    await command.parseAsync(rest, { from: 'user' })
    const { for: resource } = command.opts()
    assert.deepEqual([command.args[0], resource], ['orders-sync', 'https://orders.acme.example/'], name)
    if (word === 'exec') assert.deepEqual(command.args.slice(1), ['/usr/local/bin/sync'], name)
  }
  const documented = [...read('README.md').matchAll(/\]\(([\w.-]+)\)/g)].map(([, name = '']) => name)
  const files = readdirSync(FOLDER).filter((name) => name !== 'README.md' && !name.endsWith('.test.ts'))
  assert.deepEqual(documented.toSorted(), files.toSorted())
})

test('no example holds a secret where everybody could read it, and each proves itself for the server that it names', () => {
  const server = 'https://reeve.acme.example'
  const [workflow] = documentsOf('github-actions.yml')
  assert.deepEqual(workflow.permissions, { contents: 'read', 'id-token': 'write' })
  assert.equal(workflow.jobs.sync.env.REEVE_SERVER, server)
  const [gitlab] = documentsOf('gitlab-ci.yml')
  assert.equal(gitlab.sync.id_tokens.PROOF.aud, gitlab.sync.variables.REEVE_SERVER)
  const [, deployment] = documentsOf('kubernetes.yaml')
  const { initContainers, containers, volumes } = deployment.spec.template.spec
  const named = new Set(volumes.map(({ name }: { name: string }) => name))
  for (const container of [...initContainers, ...containers]) {
    assert.equal(container.securityContext.readOnlyRootFilesystem, true)
    for (const mount of container.volumeMounts) assert.ok(named.has(mount.name), mount.name)
  }
  const [proof] = volumes.flatMap(({ projected }: Document) => projected?.sources ?? [])
  assert.equal(proof.serviceAccountToken.audience, initContainers[0].env[0].value)
  assert.ok(volumes.every(({ secret }: Document) => secret === undefined))
  const [compose] = documentsOf('compose.yaml')
  const [key] = compose.services.sync.secrets
  assert.ok(Object.hasOwn(compose.secrets, key) && read('Dockerfile').includes(`/run/secrets/${key}`))
  const { USER, FROM, ENV, ARG } = instructions()
  assert.deepEqual([USER, ENV, ARG], [['node'], undefined, undefined])
  assert.match(FROM?.[0] ?? '', /^\S+:\d\S*$/, 'a version of its base')
})

test('systemd takes the unit without a word, and cron’s shell hands the line on as it is meant', (t) => {
  const folder = inTemporary(t)
  const unit = join(folder, 'orders-sync.service')
  // Nothing of the example is installed here.
  writeFileSync(unit, read('orders-sync.service').replace('/usr/local/bin/reeve', '/bin/true'))
  const verified = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' })
  if (verified.error === undefined) assert.deepEqual([verified.status, verified.stderr], [0, ''])
  else t.diagnostic('no systemd here')
  const reeve = join(folder, 'reeve')
  writeFileSync(reeve, '#!/bin/sh\nprintf "%s\\n" "$@"\n')
  chmodSync(reeve, 0o755)
  const { when, command } = cronLine()
  assert.match(when, /^\d+ \* \* \* \*$/)
  const ran = spawnSync('/bin/sh', ['-c', command], {
    encoding: 'utf8',
    env: { PATH: folder, HOME: '/home/of orders' },
  })
  assert.equal(ran.stdout.split('\n')[5], '/home/of orders/orders-sync.jwk', ran.stderr)
})

test('a program of its own asks for a token and takes it to the resource', async (t) => {
  const folder = inTemporary(t)
  const keyFile = join(folder, 'key.jwk')
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
  writeFileSync(keyFile, JSON.stringify({ ...key, alg: 'ES256' }))
  const server = createServer((request, response) => {
    if (request.url === '/oauth/token')
      return response.end(JSON.stringify({ access_token: 'tok', token_type: 'Bearer', expires_in: 300 }))
    return response.end(`${request.url} by ${request.headers.authorization}`)
  })
  t.after(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(FOLDER, 'sync.ts'),
    url,
    'nhi_sync',
    keyFile,
    `${url}/`,
  ])
  assert.equal(stdout, '200 /orders by Bearer tok\n')
})
