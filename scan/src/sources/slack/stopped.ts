import { dayIn } from '../../exports/credential-fact.ts'
import type { ExportRecord } from '../../exports/records.ts'
import type { ScannedFile } from '../../file.ts'
import type { Sighting, Trait } from '../../report.ts'
import type { Fact, Related } from '../../source.ts'

/** Whether a bot is there, by the key of its app. */
const BOT = 'slack:bot'
/** What a log says was done to an app. */
const CHANGE = 'slack:change'

/** That a bot is there or was deleted. */
export const botFact = (record: ExportRecord, key: string, file: ScannedFile): Fact => ({
  type: BOT,
  fields: { key, is: record.is('deleted') ? 'deleted' : 'there' },
  where: file.at(record.line),
})

/** That an app was installed, changed or removed at a time. */
export const changeFact = (record: ExportRecord, key: string, file: ScannedFile): Fact => ({
  type: CHANGE,
  fields: {
    ...{ key, service: record.text('service_id'), did: record.text('change_type') },
    ...{ at: record.text('date'), by: record.text('user_name') },
  },
  where: file.at(record.line),
})

/** Of who was stopped nothing is left but that, and what would be theirs again with the next installation. */
export const relateStopped = (sightings: readonly Sighting[], facts: readonly Fact[]): Related => {
  const byKey = Map.groupBy(facts, ({ fields }) => fields.key ?? '')
  const stopped = sightings.flatMap((sighting) => {
    const why = whyStopped(byKey.get(sighting.stableKey) ?? [])
    return why === undefined ? [] : [asStopped(sighting, why)]
  })
  return { sightings: stopped, problems: [] }
}

const asStopped = (sighting: Sighting, why: string): Sighting => {
  const { where, reaches } = sighting
  const approved = reaches.filter(({ because }) => because === APPROVED).length
  const left: Trait[] =
    approved === 0 ? [] : [{ trait: 'account:disabled-with-access', detail: `approved for ${approved} scopes`, where }]
  return {
    ...sighting,
    evidence: [...sighting.evidence, why],
    reaches: reaches.filter(({ because }) => because === APPROVED),
    traits: [{ trait: 'account:stopped', detail: why, where }, ...left],
  }
}

/** Why an app that an administrator approved reaches what it does. */
export const APPROVED = 'an administrator approved it'

// The list of bots is of now, whatever was done before. Where it names none of an app, the last thing that was done counts.
const whyStopped = (facts: readonly Fact[]): string | undefined => {
  const bots = facts.filter(({ type }) => type === BOT)
  if (bots.length > 0)
    return bots.every(({ fields }) => fields.is === 'deleted') ? 'stopped: its bot was deleted' : undefined
  // One app, such as that of incoming webhooks, is there many times, each a service with a secret of its own.
  const services = Map.groupBy(
    facts.filter(({ type }) => type === CHANGE),
    ({ fields }) => fields.service ?? '',
  )
  const ends = [...services.values()].flatMap((changes) => latest(changes) ?? [])
  const last = latest(ends)
  if (!last || !ends.every(({ fields }) => STOPS.has(fields.did ?? ''))) return undefined
  const { did = '', at = '', by = '' } = last.fields
  return `stopped: ${did} by ${by || 'somebody'}${dayIn(at) === '' ? '' : ` on ${dayIn(at)}`}`
}

const STOPS = new Set(['removed', 'disabled'])

// Slack's logs begin with what was last.
const latest = ([first, ...rest]: readonly Fact[]): Fact | undefined =>
  first && rest.reduce((last, fact) => (secondsOf(fact) > secondsOf(last) ? fact : last), first)

const secondsOf = ({ fields }: Fact): number => (/^\d{9,10}$/.test(fields.at ?? '') ? Number(fields.at) : 0)
