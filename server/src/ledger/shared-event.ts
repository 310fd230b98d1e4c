import type { EventDraft } from './event.ts'

/**
 * An event may hold many uses that are alike but for their names, and says in its evidence how many (`uses`). Each use is called as
 * the event's request and decision are, with its place in the event behind a dot: `req_….0`, `dec_….0` is the first one.
 */
export const usesOf = ({ evidence: { uses } }: Pick<EventDraft, 'evidence'>): number =>
  typeof uses === 'number' && Number.isInteger(uses) && uses > 1 ? uses : 1

/** What the use at this place is called, by a name of the event. */
export const nameOfUse = (name: string, at: number): string => `${name}.${at}`

/** What all uses that an event holds are called, by a name of the event; a single one has the name itself. */
export const namesOfUses = (event: Pick<EventDraft, 'evidence'>, name: string): readonly string[] => {
  const uses = usesOf(event)
  return uses === 1 ? [name] : Array.from({ length: uses }, (_, at) => nameOfUse(name, at))
}

/** The name of the event in that of a use, and the use's place there; undefined for what is no such name. */
export const placeOfUse = (id: string): { readonly name: string; readonly at: number } | undefined => {
  const [, name, at] = PLACE.exec(id) ?? []
  return name === undefined ? undefined : { name, at: Number(at) }
}

const PLACE = /^((?:req|dec)_[\w-]{1,80})\.(\d{1,4})$/

/** Says which of the event's uses this name is of; nothing where it has no place, or the event holds one alone. */
export const useSentence = (event: Pick<EventDraft, 'evidence'>, id: string): readonly string[] => {
  const place = placeOfUse(id)
  const uses = usesOf(event)
  return place === undefined || uses === 1
    ? []
    : [
        `${id} is use ${place.at + 1} of the ${uses} that its event holds: all are alike, and ${nameOfUse(place.name, 0)} is the first`,
      ]
}

/** Whether the event holds a use at this place. */
export const holdsUse = (event: Pick<EventDraft, 'evidence'>, at: number): boolean => {
  const uses = usesOf(event)
  return uses > 1 && at < uses
}
