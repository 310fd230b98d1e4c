import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Expected, generateEstate } from '../generate-estate.ts'
import { askForToken } from './bot.ts'
import { end, run, type Started, startAndWait } from './processes.ts'
import { type AccessNames, FIXED_ACCESS, renameAccess } from './rename-access.ts'
import { createStory, type Story } from './story.ts'

/** Where the story plays, and how it is written down. */
export interface Stage {
  readonly folder: string
  readonly seed: number | undefined
  readonly port: string
  write(text: string): void
}

/** How the story ended. */
export interface Told {
  readonly failures: readonly string[]
  readonly server: string
  stop(): Promise<void>
}

const ROOT = join(import.meta.dirname, '../..')
const CLI = join(ROOT, 'cli/bin/reeve.js')

/** Tells the story. Every command that it prints is the one that it runs. */
export const tell = async (stage: Stage): Promise<Told> => {
  const story = createStory(8, stage.write)
  const running: Started[] = []
  const stop = async () => {
    for (const { child } of running.reverse()) await end(child)
  }
  const cast = await castOf(stage)
  try {
    const server = await startServer(stage, story, running)
    const scene: Scene = { stage, story, running, server, ...cast, cli: cliOf(stage, story, server.url) }
    await scene.cli(['login', '--code', server.code, '--name', 'Ada Byron', '--email', 'ada@acme.example'], {
      shows: false,
    })
    await scanAndImport(scene)
    await applyAccess(scene)
    const token = await callTheApi(scene)
    await askForMore(scene)
    await quarantine(scene, token)
    await prove(scene)
    return { failures: story.failures(), server: server.url, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Cast {
  readonly names: AccessNames
  readonly estate: string
  readonly access: string
  readonly expected: Expected
  readonly secrets: readonly string[]
}

interface Scene extends Cast {
  readonly stage: Stage
  readonly story: Story
  readonly running: Started[]
  readonly server: { readonly url: string; readonly code: string }
  readonly cli: Cli
}

type Cli = (
  args: readonly string[],
  options?: { shows?: boolean; lines?: number },
) => Promise<{ code: number; text: string }>

/** The company that the story is about: the one in this repository, or one with random names. */
const castOf = async ({ folder, seed }: Stage): Promise<Cast> => {
  const estate = seed === undefined ? 'examples/estate' : join(folder, 'estate')
  const made = await generateEstate(seed === undefined ? join(folder, 'estate-copy') : estate, seed)
  const { orders = 'orders', company = 'acme' } = made.names
  const names =
    seed === undefined
      ? FIXED_ACCESS
      : renameAccess(join(ROOT, 'examples/access'), join(folder, 'access'), orders, company)
  const access = seed === undefined ? 'examples/access' : join(folder, 'access')
  return { names, estate, access, expected: made.expected, secrets: made.secrets }
}

const startServer = async ({ folder, port }: Stage, story: Story, running: Started[]) => {
  story.step('Start the server on the embedded database, in a fresh folder')
  story.command('npm start')
  const started = Date.now()
  const env = { REEVE_DATA: join(folder, 'data'), REEVE_PORT: port, REEVE_DATABASE_URL: '', REEVE_ISSUER: '' }
  const server = await startAndWait(['server/src/main.js'], env, /reeve login --server/)
  running.push(server)
  const [, url = '', code = ''] = /--server (\S+) --code (\S+)/.exec(server.line) ?? []
  story.say(
    `listening at ${url} after ${Date.now() - started} ms; the first admin logs in with the code that it printed`,
  )
  story.check('the server is ready', (await fetch(`${url}/readyz`)).ok)
  return { url, code }
}

const cliOf = ({ folder }: Stage, story: Story, url: string): Cli => {
  const env = { REEVE_SERVER: url, REEVE_CONFIG: join(folder, 'config'), NO_COLOR: '1' }
  return async (args, { shows = true, lines = 24 } = {}) => {
    story.command(`reeve ${args.map(quoted).join(' ')}`)
    const { code, out, all: written } = await run([CLI, ...args], env)
    const all = written.replace(/\n+$/, '').split('\n')
    const more = all.length > lines ? [`… ${all.length - lines} more lines`] : []
    if (shows || code !== 0) story.output([...all.slice(0, lines), ...more].join('\n'))
    return { code, text: out === '' ? written : out }
  }
}

const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `"${text}"`)

const scanAndImport = async ({ story, cli, estate, expected, secrets, stage }: Scene): Promise<void> => {
  story.step('Find the identities in the files of a small company')
  const table = await cli(['scan', estate], { lines: 60 })
  const json = await cli(['scan', estate, '--format', 'json'], { shows: false })
  const names = expected.identities.map(({ name }) => name)
  story.check(
    `all ${names.length} identities were found`,
    names.every((name) => json.text.includes(JSON.stringify(name))),
  )
  const rules = expected.findings.map(({ rule }) => rule)
  story.check(
    `all ${rules.length} findings were made`,
    rules.every((rule) => json.text.includes(`"${rule}"`)),
  )
  story.check(
    'no secret was printed',
    secrets.every((secret) => !`${table.text}${json.text}`.includes(secret)),
  )

  story.step('Take what was seen into the register, and see who owns nothing')
  const report = join(stage.folder, 'scan.json')
  writeFileSync(report, json.text)
  const imported = await cli(['import', report])
  story.check('the sightings are in the register', imported.code === 0)
  const unowned = await cli(['sighting', 'list', '--unowned'], { lines: 12 })
  story.check('what nobody owns is listed', unowned.code === 0 && unowned.text.includes('sig_'))
}

const applyAccess = async ({ story, cli, access }: Scene): Promise<void> => {
  story.step('Make teams, resources, bundles, identities, grants and policies from files')
  const applied = await cli(['apply', access])
  story.check('everything was created', applied.code === 0 && /[1-9]\d* created/.test(applied.text))
  const again = await cli(['apply', access], { shows: false })
  story.check('applying it again changes nothing', again.text.includes('0 created, 0 changed, 0 removed'))
}

interface Called {
  readonly api: string
  readonly token: string
}

const callTheApi = async (scene: Scene): Promise<Called> => {
  const { story, cli, names, stage, server, running } = scene
  story.step('A bot gets a token with a stock OAuth client, and calls an API that checks it')
  for (const name of [names.bot, names.api]) await cli(['credential', 'add', name, '--new-key', keyFile(stage, name)])
  const args = [
    'examples/orders-api/server.ts',
    server.url,
    names.audience,
    keyFile(stage, names.api),
    names.api,
    names.read,
  ]
  story.command(`node ${args.join(' ')} &`)
  const api = await startAndWait(args, {}, /^http:/)
  running.push(api)
  const answer = await ask(scene, names.read)
  const token = 'token' in answer ? answer.token : ''
  story.say(
    `openid-client, private_key_jwt, resource ${names.audience}: ${'token' in answer ? 'a token' : answer.error}`,
  )
  const status = await call(api.line, token)
  story.say(`GET ${api.line} with it: ${status}`)
  story.check('the API answers 200', status === 200)
  story.check('without a token it answers 401', (await call(api.line, '')) === 401)
  return { api: api.line, token }
}

const keyFile = ({ folder }: Stage, name: string): string => join(folder, 'keys', `${name}.jwk`)

const ask = (scene: Scene, scope: string) => {
  const { names, server, stage } = scene
  const file = keyFile(stage, names.bot)
  return askForToken({ issuer: server.url, clientId: names.bot, keyFile: file, resource: names.audience, scope })
}

const call = async (url: string, token: string): Promise<number> => {
  const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` }
  return (await fetch(url, { headers })).status
}

const askForMore = async (scene: Scene): Promise<void> => {
  const { story, cli, names } = scene
  story.step('The bot asks for what it was not granted')
  const answer = await ask(scene, names.export)
  if ('token' in answer) return story.check(`${names.export} is refused`, false)
  story.say(`scope ${names.export}: ${answer.error}: ${answer.description}`)
  const why = await cli(['why', answer.decisionId ?? 'none'])
  story.check('the refusal names its decision', answer.decisionId !== undefined)
  story.check('why names the policy', why.text.includes(`${names.export.split('.')[0]}-export-needs-a-ticket`))
  story.check('why names the missing attribute', why.text.includes('export_ticket'))
  story.check('why says what would allow it', why.text.includes('what would allow it'))
}

const quarantine = async ({ story, cli, names }: Scene, { api, token }: Called): Promise<void> => {
  story.step('Stop the bot: the same token, not yet expired, is refused')
  const watch = watchForRefusal(api, token)
  const id = ['quarantine', 'identity', names.bot]
  const done = await cli([...id, '--reason', 'its key was seen in a public repository', '--yes'], { lines: 40 })
  const refusedAt = await watch
  const stopped = /^at (\S+),/m.exec(done.text)?.[1] ?? ''
  story.check('the quarantine says what it breaks and how to undo it', done.text.includes('undo: reeve release'))
  story.say(`the API refused the token ${refusedAt - new Date(stopped).getTime()} ms after the quarantine was made`)
  story.check('the token is refused from then on', (await call(api, token)) === 401)
}

const WATCH_MS_MAX = 20_000
const WATCH_EVERY_MS = 10

/** Calls the API with the token until it is refused; the moment of the first refusal. */
const watchForRefusal = async (api: string, token: string): Promise<number> => {
  const until = Date.now() + WATCH_MS_MAX
  while (Date.now() < until) {
    if ((await call(api, token)) === 401) return Date.now()
    await sleep(WATCH_EVERY_MS)
  }
  return Number.NaN
}

const prove = async ({ story, cli, stage }: Scene): Promise<void> => {
  story.step('Read the audit trail of all this, and prove it offline')
  const tail = await cli(['audit', 'tail', '--limit', '200'], { lines: 60 })
  story.check('the quarantine is in it', tail.text.includes('inventory.identity.quarantine'))
  const exported = await cli(['audit', 'export'], { shows: false })
  const file = join(stage.folder, 'audit.ndjson')
  writeFileSync(file, exported.text)
  const key = await cli(['checkpoint', 'show', '--json'], { shows: false })
  const { vkey }: { vkey: string } = JSON.parse(key.text)
  const verified = await cli(['audit', 'verify', file, '--key', vkey])
  story.check('the export verifies with the public key alone', verified.code === 0)
  writeFileSync(file, readFileSync(file, 'utf8').replace('inventory.identity.quarantine', 'inventory.identity.release'))
  const forged = await cli(['audit', 'verify', file, '--key', vkey])
  story.check('a forged copy does not', forged.code !== 0)
}
