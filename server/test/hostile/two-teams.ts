import { type Admin, enrol, type RunningServer } from '../process.ts'
import { bySecret, postForm, setUpWorkload, type Workload } from '../workload.ts'

/** What inputs may name, of one team: its ids and its names. */
export type Named = Readonly<Record<Kind, readonly string[]>>

/** The kinds of things that belong to a team. */
const KINDS = [
  'team',
  'identity',
  'resource',
  'credential',
  'grant',
  'finding',
  'sighting',
  'alias',
  'approval',
  'exception',
  'person',
  'session',
  'stream',
  'token',
  'event',
  'decision',
  'request',
] as const
export type Kind = (typeof KINDS)[number]

/** One of the two teams: what is the team's, and its people by their role. */
export interface Side {
  readonly word: string
  readonly workload: Workload
  readonly named: Named
  readonly people: Readonly<Record<Role, Admin>>
}

type Role = 'viewer' | 'owner' | 'approver'

const DAY_MS = 86_400_000

/** Two teams with everything that a team can have. `approver` approves for the whole deployment. */
export const makeTwoTeams = async (
  server: RunningServer,
  admin: Admin,
): Promise<{ readonly mine: Side; readonly theirs: Side; readonly approver: Admin }> => {
  const approver = await join(server, admin, 'security', 'approver', null)
  const make = (word: string) => makeSide(server, { admin, approver }, word)
  return { mine: await make('mine'), theirs: await make('theirs'), approver }
}

const join = async (
  server: RunningServer,
  admin: Admin,
  word: string,
  role: Role,
  team: string | null,
): Promise<Admin> => {
  const { code } = await admin.client(server).lifecycle.person.invite({ roles: [{ role, team }] })
  return enrol(server, code, word)
}

/** Makes an approver of a team of somebody new, which takes the approver who is there. */
const joinApprovers = async (
  server: RunningServer,
  { admin, approver }: { readonly admin: Admin; readonly approver: Admin },
  word: string,
  team: string,
): Promise<Admin> => {
  const person = await join(server, admin, word, 'viewer', team)
  const { lifecycle } = admin.client(server)
  const input = { person: person.person, roles: [{ role: 'approver', team } as const] }
  const asked = { operation: 'lifecycle.person.change', input, reason: 'a test needs it' }
  const { id } = await lifecycle.approval.request(asked)
  await approver.client(server).lifecycle.approval.approve({ approval: id })
  await lifecycle.person.change({ ...input, approval: id })
  return person
}

const makeSide = async (
  server: RunningServer,
  { admin, approver }: { readonly admin: Admin; readonly approver: Admin },
  word: string,
): Promise<Side> => {
  const { broker, inventory, policy, observe, lifecycle } = admin.client(server)
  const workload = await setUpWorkload(server, admin, word)
  const identity = workload.name
  const stream = await broker.stream.create({ identity: workload.api.id })
  await broker.trust.add({
    ...{ identity, issuer: 'https://token.actions.githubusercontent.com', audience: server.url },
    claims: { repository_id: word, environment: word },
  })
  const approved = async (operation: string, input: Record<string, unknown>) => {
    const { id } = await lifecycle.approval.request({ operation, input, reason: 'a test needs it' })
    await approver.client(server).lifecycle.approval.approve({ approval: id })
    return id
  }
  await observe.finding.import({
    source: `${word}-code`,
    scannedAt: new Date().toISOString(),
    findings: [finding(word)],
  })
  await inventory.sighting.import({ sightings: [sighting(word)] })
  const { items: seen } = await inventory.sighting.list({ source: `${word}-scan` })
  const sightingId = seen[0]?.id ?? ''
  await inventory.sighting.link({ sighting: sightingId, identity })
  const allowed = {
    kind: 'credential.client-secret',
    subject: workload.id,
    reason: 'until it is moved',
    expiresAt: new Date(Date.now() + DAY_MS).toISOString(),
  }
  const asked = await lifecycle.approval.request({
    operation: 'lifecycle.exception.create',
    input: { ...allowed, kind: 'credential.public-key' },
    reason: 'nobody has looked yet',
  })
  const exception = await lifecycle.exception.create({
    ...allowed,
    approval: await approved('lifecycle.exception.create', allowed),
  })
  const mode = { kind: 'identity' as const, target: workload.id, reason: 'a first import', expiresAt: '2d' }
  await policy.mode.change({ ...mode, approval: await approved('policy.mode.change', mode) })
  const member = (role: Role) => join(server, admin, `${word}-${role}`, role, workload.team)
  const people = {
    viewer: await member('viewer'),
    owner: await member('owner'),
    approver: await joinApprovers(server, { admin, approver }, `${word}-approver`, workload.team),
  }
  const person = people.viewer.person
  const { body } = await postForm(server, '/oauth/token', bySecret(workload))
  const [event] = (await observe.event.search({ on: workload.id })).items
  const resource = await policy.resource.show({ resource: workload.audience })
  return {
    word,
    workload,
    people,
    named: {
      team: [workload.team, (await inventory.team.show({ team: workload.team })).name],
      identity: [workload.id, identity],
      resource: [resource.id, resource.name, resource.uri],
      credential: [workload.secretCredential],
      grant: [(await policy.grant.list({ identity })).items[0]?.id ?? ''],
      finding: [(await observe.finding.list({ identity, source: `${word}-code` })).items[0]?.id ?? ''],
      sighting: [sightingId],
      alias: [(await inventory.alias.list({ identity })).items[0]?.id ?? ''],
      approval: [asked.id],
      exception: [exception.id],
      person: [person],
      session: [(await lifecycle.session.list({ person })).items[0]?.id ?? ''],
      stream: [stream.id],
      token: [String(body.access_token)],
      event: [event?.id ?? ''],
      decision: [event?.decision?.id ?? ''],
      request: [event?.correlation.requestId ?? ''],
    },
  }
}

/** What looks like something of a team, and is nothing. */
export const ABSENT: Named = {
  team: ['team_abcdefghijklmnopqrstuv', 'nobodys-team'],
  identity: ['nhi_abcdefghijklmnopqrstuv', 'nobodys-sync'],
  resource: ['res_abcdefghijklmnopqrstuv', 'nobodys-resource', 'https://nobodys.example.com/'],
  credential: ['crd_abcdefghijklmnopqrstuv'],
  grant: ['grt_abcdefghijklmnopqrstuv'],
  finding: ['fnd_abcdefghijklmnopqrstuv'],
  sighting: ['sig_abcdefghijklmnopqrstuv'],
  alias: ['als_abcdefghijklmnopqrstuv'],
  approval: ['apr_abcdefghijklmnopqrstuv'],
  exception: ['exc_abcdefghijklmnopqrstuv'],
  person: ['per_abcdefghijklmnopqrstuv'],
  session: ['ses_abcdefghijklmnopqrstuv'],
  stream: ['str_abcdefghijklmnopqrstuv'],
  token: ['eyJhbGciOiJFUzI1NiJ9.e30.AAAA'],
  event: ['evt_abcdefghijklmnopqrstuv'],
  decision: ['dec_abcdefghijklmnopqrstuv'],
  request: ['req_abcdefghijklmnopqrstuv'],
}

/** A finding of a scan about an identity of this team. */
export const finding = (word: string) => ({
  fingerprint: `${word}-secret-in-a-file`,
  rule: 'secret-in-file',
  severity: 'high' as const,
  confidence: 'high' as const,
  owasp: 'NHI2',
  title: `a key of ${word} in a file`,
  why: 'whoever reads the file has it',
  fix: 'replace it',
  where: { path: '.env', line: 1 },
  evidence: ['a key'],
  identity: `${word}-sync`,
})

const sighting = (word: string) => ({
  source: `${word}-scan`,
  kind: 'ci-job' as const,
  name: `${word} deploys`,
  stableKey: `aws:arn:aws:iam::111122223333:role/${word}-deploys`,
  where: { path: 'deploy.yml', line: 1 },
  standing: 'live' as const,
  traits: [
    {
      trait: 'secret:aws-key',
      detail: 'AWS key',
      where: { path: `${word}/.env`, line: 1 },
      credential: {
        type: 'api-key',
        provider: 'AWS',
        fingerprint: Buffer.from(word.padEnd(16)).toString('hex'),
        tail: '',
      },
    },
  ],
})
