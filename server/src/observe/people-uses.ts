import type { NumberedEvent } from '../ledger/event.ts'

/** A credential of an identity that was presented by a tool which people sit in front of. */
export interface PeopleUse {
  readonly identity: string
  /** Empty where the event does not say. */
  readonly credential: string
  readonly tool: string
  readonly at: Date
}

/** The hours (UTC, a bit each) of a day in which a person's account acted; a day is counted from 1970. */
export interface PersonDay {
  readonly person: string
  readonly day: number
  readonly hours: number
}

const HOUR_MS = 3_600_000
const BROWSER = /(?:^| )(?:Firefox|Chrome|Safari|Edg|OPR)\//
const TOOLS: readonly (readonly [begin: string, tool: string])[] = [
  ['PostmanRuntime/', 'Postman'],
  ['insomnia/', 'Insomnia'],
  ['HTTPie/', 'HTTPie'],
  ['Bruno/', 'Bruno'],
]

/** The tool of a person that a User-Agent names; undefined for programs, and for what names nothing. */
export const toolOfPeople = (userAgent: string | null): string | undefined => {
  if (userAgent === null) return undefined
  // A program may say Mozilla alone; a browser says which it is, and one without a window says that as well.
  if (userAgent.startsWith('Mozilla/'))
    return BROWSER.test(userAgent) && !userAgent.includes('Headless') ? 'a browser' : undefined
  const lower = userAgent.toLowerCase()
  return TOOLS.find(([begin]) => lower.startsWith(begin.toLowerCase()))?.[1]
}

/** What events say of people who use what is a machine's; the latest of each, in one order. */
export const peopleUses = (events: readonly NumberedEvent[]): readonly PeopleUse[] => {
  const found = new Map<string, PeopleUse>()
  for (const { actor, outcome, credential, source, at } of events) {
    if (actor.principalType !== 'nhi' || actor.id === null || outcome !== 'done') continue
    const tool = toolOfPeople(source.userAgent)
    if (tool === undefined) continue
    const use = { identity: actor.id, credential: credential ?? '', tool, at: new Date(at) }
    const name = JSON.stringify([use.identity, use.credential, tool])
    const known = found.get(name)
    if (known === undefined || known.at <= use.at) found.set(name, use)
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use)
}

// A session that a person narrowed for a CI job acts at any hour, and is meant to.
const OF_NARROWED = /^(?:policy\.access\.|policy\.plan\.show$|lifecycle\.approval\.request$|inventory\.identity\.list$)/

/** In which hours people's accounts acted; in one order. */
export const personDays = (events: readonly NumberedEvent[]): readonly PersonDay[] => {
  const found = new Map<string, PersonDay>()
  for (const { actor, kind, at } of events) {
    if (actor.principalType !== 'human' || actor.id === null || OF_NARROWED.test(kind)) continue
    const hour = Math.floor(new Date(at).getTime() / HOUR_MS)
    const day = Math.floor(hour / 24)
    const key = `${String(day).padStart(8, '0')} ${actor.id}`
    found.set(key, { person: actor.id, day, hours: (found.get(key)?.hours ?? 0) | (1 << (hour % 24)) })
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, day]) => day)
}
