import { type AccessPlan, hasLostTests } from './access-plan.ts'
import { lintLines } from './lint-lines.ts'
import { failedLines, testedLine } from './tested-lines.ts'

/** A plan in sections, each a heading with its lines: what the terminal and the pull request both show. */
export interface PlanSection {
  readonly title: string
  readonly lines: readonly string[]
}

const LINES_MAX = 40
const ONLY_IF_ANY = ['look at these first', 'lints', 'report-only', 'system-owned']

/** What a plan says, the gravest first. */
export const planSections = (plan: AccessPlan, now: Date): readonly PlanSection[] =>
  [
    {
      title: 'look at these first',
      lines: [
        ...lostTestsLines(plan),
        ...failedLines(plan),
        ...plan.access.callouts.map(({ text, place }) => placed(`! ${text}`, place)),
      ],
    },
    { title: 'lints', lines: lintLines(plan.lints) },
    objectSection(plan),
    accessSection(plan),
    { title: `tests: ${testedLine(plan)}`, lines: [] },
    { title: `decisions: ${replayTitle(plan)}`, lines: flipLines(plan, now) },
    { title: 'report-only', lines: plan.reportOnly.map(reportOnlyLine) },
    { title: 'system-owned: Reeve keeps and rotates it, and no folder changes it', lines: systemOwnedLines(plan) },
  ].filter(({ title, lines }) => lines.length > 0 || !ONLY_IF_ANY.some((start) => title.startsWith(start)))

/** That tests went away: whatever else a plan says, nothing of it was tested. */
const lostTestsLines = (plan: AccessPlan): readonly string[] =>
  hasLostTests(plan)
    ? [
        `! no test is left of the ${plan.testsInForce} that ${plan.directory} had when it was last applied: was tests/ renamed or removed?`,
        '! apply refuses it; where it is meant: reeve apply … --without-tests',
      ]
    : plan.tests.length < plan.testsInForce
      ? [
          `! ${plan.tests.length} tests are left of the ${plan.testsInForce} that ${plan.directory} had when it was last applied`,
        ]
      : []

/** What would happen to objects. */
export const objectSection = (plan: Pick<AccessPlan, 'objects'>): PlanSection => ({
  title: `objects: ${counted(plan)}`,
  lines: objectLines(plan),
})

/** Who gains and who loses what. */
export const accessSection = (plan: Pick<AccessPlan, 'access'>): PlanSection => ({
  title: `access: ${accessTitle(plan)}`,
  lines: accessLines(plan),
})

const VERBS = ['created', 'changed', 'removed', 'left', 'unchanged'] as const
const SIGNS = { created: '+', changed: '~', removed: '-', left: '=', unchanged: ' ' } as const

const counted = ({ objects }: Pick<AccessPlan, 'objects'>): string =>
  VERBS.flatMap((verb) => {
    const count = objects.filter((object) => object.verb === verb).length
    return count === 0 ? [] : [`${count} ${verb}`]
  }).join(', ')

const objectLines = ({ objects }: Pick<AccessPlan, 'objects'>): readonly string[] =>
  shown(
    objects
      .filter(({ verb }) => verb !== 'unchanged')
      .map(({ type, name, verb, fields, place, cause }) => {
        const changed = verb === 'changed' ? ` (${fields.map(({ field }) => field).join(', ')})` : ''
        const outside = cause === 'outside' ? ', changed outside of the directory' : ''
        return placed(`${SIGNS[verb]} ${type} ${name}${changed}${outside}`, place)
      }),
  )

const accessTitle = ({ access }: Pick<AccessPlan, 'access'>): string => {
  const { gains, loses, 'on-other-terms': other } = access.counts
  return `${gains} gained, ${loses} lost, ${other} on other terms, of ${access.identities} identities`
}

const HOW = { gains: '+', loses: '-', 'on-other-terms': '~' } as const

const accessLines = ({ access }: Pick<AccessPlan, 'access'>): readonly string[] => {
  const lines = new Map<string, { text: string; actions: string[]; place: string | null }>()
  for (const { how, identity, resource, action, after, via } of access.changes) {
    const condition = how !== 'loses' && after === 'conditional' ? ' under conditions' : ''
    const key = JSON.stringify([how, identity.id, resource.id, condition])
    const known = lines.get(key) ?? {
      text: `${HOW[how]} ${identity.name} on ${resource.name}${condition}`,
      actions: [],
      place: via[0]?.place ?? null,
    }
    known.actions.push(action)
    lines.set(key, known)
  }
  return shown([...lines.values()].map(({ text, actions, place }) => placed(`${text}: ${actions.join(', ')}`, place)))
}

const replayTitle = ({ replay }: AccessPlan): string => {
  const { flips, decisions, days, unreplayed } = replay
  const { forgotten, unreadable, resourceGone, unknownThen } = unreplayed
  const reasons = [
    [forgotten, 'their requests are no longer kept'],
    [unreadable, 'they cannot be read'],
    [resourceGone, 'their resource is gone'],
    [unknownThen, 'what they asked about was not registered then'],
  ] as const
  const not = reasons.flatMap(([count, reason]) => (count > 0 ? [`${number(count)} because ${reason}`] : []))
  const could = not.length === 0 ? '' : `; could not be replayed: ${not.join(', ')}`
  return `${number(flips.length)} of ${number(decisions)} recorded in the last ${days} days would flip${could}`
}

const flipLines = ({ replay }: AccessPlan, now: Date): readonly string[] => {
  const groups = new Map<string, { text: string; count: number; last: string; id: string; place: string | null }>()
  for (const { identity, resource, actions, live, planned, at, decision, because } of replay.flips) {
    const how =
      live.isAllowed === planned.isAllowed ? 'would get' : planned.isAllowed ? 'would be allowed' : 'would be refused'
    const what =
      how === 'would get' ? planned.actions.join(', ') || 'nothing' : actions.join(', ') || 'what it is granted'
    const text = `${identity.name ?? identity.id ?? 'nobody'} ${how} ${what} on ${resource.name ?? resource.id}`
    const known = groups.get(text) ?? { text, count: 0, last: '', id: decision, place: because[0]?.place ?? null }
    const isLast = at > known.last
    groups.set(text, {
      ...known,
      count: known.count + 1,
      last: isLast ? at : known.last,
      id: isLast ? decision : known.id,
    })
  }
  const order = [...groups.values()].sort((one, other) => other.count - one.count)
  return shown(
    order.map(({ text, count, last, id, place }) =>
      placed(`! ${text}: ${times(count)}, last ${ago(last, now)} (${id})`, place),
    ),
  )
}

const reportOnlyLine = ({ kind, name, cleanDays, lastRefusalAt }: AccessPlan['reportOnly'][number]): string =>
  `${kind} ${name}: ${cleanDays} clean ${cleanDays === 1 ? 'day' : 'days'}${lastRefusalAt === null ? '' : `, would last have refused at ${lastRefusalAt}`}`

const systemOwnedLines = ({ systemOwned }: AccessPlan): readonly string[] =>
  systemOwned.map(
    ({ type, count, what }) => `${what.join(', ')} of ${number(count)} ${PLURALS[type][count === 1 ? 0 : 1]}`,
  )

const PLURALS = { identity: ['identity', 'identities'], resource: ['resource', 'resources'] } as const

const shown = (lines: readonly string[]): readonly string[] =>
  lines.length <= LINES_MAX
    ? lines
    : [...lines.slice(0, LINES_MAX), `… and ${number(lines.length - LINES_MAX)} more; --json has all`]

const placed = (text: string, place: string | null): string => (place === null ? text : `${text} (${place})`)

const times = (count: number): string => (count === 1 ? 'once' : `${number(count)} times`)

const number = (count: number): string => count.toLocaleString('en-US')

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
] as const

const ago = (at: string, now: Date): string => {
  const ms = now.getTime() - new Date(at).getTime()
  const [size, unit] = UNITS.find(([each]) => ms >= each) ?? [1_000, 's']
  return `${Math.max(0, Math.floor(ms / size))} ${unit} ago`
}
