import type { MatrixLine } from './bundle.ts'
import type { Conditions, TimeWindow } from './grant.ts'
import { WEEKDAYS } from './grant.ts'
import { type Reach, reachOf } from './reach.ts'
import type { Resource } from './resource.ts'

/** Lines under conditions: what one grant comes to. */
export interface Held {
  readonly lines: readonly MatrixLine[]
  readonly conditions: Conditions
}

/** The first action of a grant that none of the parent's grants gives under the same or weaker conditions, if any. */
export const excessOver = (
  child: Held,
  parent: readonly Held[],
  resource: (id: string) => Resource | undefined,
): { readonly action: string; readonly resource: string } | undefined => {
  const covering = parent.filter(({ conditions }) => covers(conditions, child.conditions))
  const given = new Set(covering.flatMap(({ lines }) => reachOf(lines, resource)).flatMap(keysOf))
  for (const reach of reachOf(child.lines, resource)) {
    const action = reach.actions.find(({ name }) => !given.has(keyOf(reach.resource, name)))
    if (action !== undefined) return { action: action.name, resource: reach.resource.name }
  }
  return undefined
}

const keysOf = ({ resource, actions }: Reach): readonly string[] => actions.map(({ name }) => keyOf(resource, name))

const keyOf = ({ id }: Resource, action: string): string => JSON.stringify([id, action])

/** Whether whatever fulfils the second conditions fulfils the first. What cannot be told is not covered. */
export const covers = (wide: Conditions, narrow: Conditions): boolean =>
  wide.unknown === undefined &&
  isWithin(wide.credentialKinds, narrow.credentialKinds, isListed) &&
  isWithin(wide.instances, narrow.instances, isListed) &&
  isWithin(wide.regions, narrow.regions, isListed) &&
  isWithin(wide.environments, narrow.environments, isListed) &&
  isWithin(wide.pipelineStages, narrow.pipelineStages, isListed) &&
  isAtMost(wide.riskMax, narrow.riskMax) &&
  isAtMost(wide.credentialAgeDaysMax, narrow.credentialAgeDaysMax) &&
  isWithin(wide.sourceNetworks, narrow.sourceNetworks, (network, networks) =>
    networks.some((around) => contains(around, network)),
  ) &&
  isWindowWithin(wide.timeWindow, narrow.timeWindow)

const isListed = (one: string, all: readonly string[]): boolean => all.includes(one)

const isAtMost = (wide: number | undefined, narrow: number | undefined): boolean =>
  wide === undefined || (narrow !== undefined && narrow <= wide)

const isWithin = (
  wide: readonly string[] | undefined,
  narrow: readonly string[] | undefined,
  has: (one: string, all: readonly string[]) => boolean,
): boolean => wide === undefined || narrow?.every((one) => has(one, wide)) === true

const contains = (wide: string, narrow: string): boolean => {
  const [outer, inner] = [networkOf(wide), networkOf(narrow)]
  if (outer === undefined || inner === undefined || outer.bits !== inner.bits || outer.prefix > inner.prefix)
    return false
  const shift = BigInt(outer.bits - outer.prefix)
  return outer.address >> shift === inner.address >> shift
}

interface Network {
  readonly bits: 32 | 128
  readonly address: bigint
  readonly prefix: number
}

const networkOf = (text: string): Network | undefined => {
  const [address = '', length] = text.split('/')
  const bits = address.includes(':') ? 128 : 32
  const number = bits === 128 ? ipv6(address) : ipv4(address)
  const prefix = length === undefined ? bits : Number(length)
  return number === undefined || !(prefix <= bits) ? undefined : { bits, address: number, prefix }
}

const ipv4 = (text: string): bigint | undefined => {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  return joined(parts.map(Number), 8n)
}

const GROUPS = 8

// RFC 4291 §2.2: one run of zero groups may be left out as `::`.
const ipv6 = (text: string): bigint | undefined => {
  const [head = '', tail, ...rest] = text.split('::')
  if (rest.length > 0) return undefined
  const before = groupsOf(head)
  const after = tail === undefined ? [] : groupsOf(tail)
  const missing = GROUPS - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 0) return undefined
  return joined([...before, ...Array.from({ length: missing }, () => 0), ...after], 16n)
}

const groupsOf = (text: string): number[] =>
  text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))

const joined = (parts: readonly number[], width: bigint): bigint | undefined =>
  parts.every((part) => Number.isInteger(part) && part >= 0 && part < 2 ** Number(width))
    ? parts.reduce((sum, part) => (sum << width) | BigInt(part), 0n)
    : undefined

const DAY_MINUTES = 24 * 60

const isWindowWithin = (wide: TimeWindow | undefined, narrow: TimeWindow | undefined): boolean => {
  if (wide === undefined) return true
  if (narrow === undefined) return false
  const days = wide.days ?? WEEKDAYS
  if (!(narrow.days ?? WEEKDAYS).every((day) => days.includes(day))) return false
  for (let minute = 0; minute < DAY_MINUTES; minute++) if (isOpen(narrow, minute) && !isOpen(wide, minute)) return false
  return true
}

// As a grant compiles: from inclusive to exclusive, and over midnight where the end is not later.
const isOpen = ({ from, to }: TimeWindow, minute: number): boolean => {
  const [begin, end] = [minuteOf(from), minuteOf(to)]
  return begin < end ? minute >= begin && minute < end : minute >= begin || minute < end
}

const minuteOf = (clock: string): number => {
  const [hours, minutes] = clock.split(':')
  return Number(hours) * 60 + Number(minutes)
}
