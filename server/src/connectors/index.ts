import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../kit/clock.ts'
import type { Reaching } from '../kit/fetch.ts'
import { type Judge, judgeApart } from './judge.ts'
import { readVendor, whyOf } from './reading.ts'
import { registry } from './registry.ts'
import type { Target, Vendor } from './vendor.ts'

/** What connectors stand on. */
export interface ConnectorsGiven {
  readonly reach: Reaching
  /** By which secrets that lie in answers are told apart; the same for as long as the database lives. */
  salt(): string
  readonly clock: Pick<Clock, 'now'>
  /** Waits in earnest unless told otherwise. */
  wait?(seconds: number, signal: AbortSignal): Promise<void>
  readonly judge?: Judge
}

/** How a live system is to be asked. */
export interface Asked {
  readonly vendor: string
  readonly mode: string
  readonly settings: Readonly<Record<string, string>>
  readonly without: readonly string[]
}

/** The outside world, a folder for each vendor. */
export const createConnectors = ({
  reach,
  salt,
  clock,
  wait = waitInEarnest,
  judge = judgeApart,
}: ConnectorsGiven) => ({
  /** What is wrong with how a vendor is to be asked, in words; undefined where nothing is. */
  problem: (asked: Asked & { readonly hasSecret: boolean }): string | undefined => {
    const vendor = vendorNamed(asked.vendor)
    if (vendor === undefined) return `there is no vendor ${asked.vendor}`
    const inSettings = settingsProblem(vendor, asked)
    if (inSettings !== undefined) return inSettings
    const unknown = asked.without.find((name) => !vendor.parts.some((part) => part.name === name))
    if (unknown !== undefined) return `${vendor.name} has no part ${unknown}: ${namesOf(vendor)}`
    if (asked.without.length === vendor.parts.length) return `${vendor.name}: without all its parts nothing is left`
    if (vendor.secret !== undefined && vendor.isSecretOptional !== true && !asked.hasSecret)
      return `${vendor.name} takes a secret: ${vendor.secret}`
    if (asked.mode !== 'read-only' && vendor.tagValue === undefined) return `${vendor.name} is only read`
    return undefined
  },

  /** Asks a vendor for all its parts, and has what it answers read and judged. */
  see: async (asked: Asked, given: { readonly secret: string; readonly now: Date; readonly signal: AbortSignal }) => {
    const vendor = vendorNamed(asked.vendor)
    if (vendor === undefined) throw new Error(`no vendor ${asked.vendor}`)
    const { secret, signal } = given
    const waiting = (seconds: number) => wait(seconds, signal)
    const reading = await readVendor(vendor, asked, { secret, signal, reach, now: clock.now, wait: waiting })
    const report = await judge({
      documents: reading.documents,
      sources: vendor.sources,
      salt: salt(),
      nowMs: given.now.getTime(),
    })
    const told = report.problems.map(({ path, reason, detail }) => ({ part: path, reason, why: detail }))
    return {
      report,
      // What the parser left out was not seen either; what an export never says is no reason to see nothing gone.
      gaps: [
        ...reading.gaps,
        ...told.filter(({ reason }) => reason !== 'incomplete').map(({ part, why }) => ({ part, why })),
      ],
      notes: told.filter(({ reason }) => reason === 'incomplete').map(({ part, why }) => `${part}: ${why}`),
      targets: reading.targets,
      isNothing: reading.items === 0,
    }
  },

  /** Whether a vendor can hold this as the value of a tag. */
  fits: (name: string, value: string): boolean => vendorNamed(name)?.tagValue?.test(value) ?? false,

  /** Sets tags at a vendor; why it could not, in words, where it could not. */
  write: async (
    asked: Asked,
    given: {
      readonly secret: string
      readonly write: Target & { readonly set: Readonly<Record<string, string>> }
      readonly signal: AbortSignal
    },
  ): Promise<string | undefined> => {
    const { secret, signal } = given
    const waiting = (seconds: number) => wait(seconds, signal)
    try {
      const source = await vendorNamed(asked.vendor)?.open(asked.settings)
      if (source?.write === undefined) return 'it is only read'
      await source.write({ secret, signal, reach, now: clock.now, wait: waiting }, given.write)
      return undefined
    } catch (error) {
      return whyOf(error, 'the right to tag it')
    }
  },
})

const waitInEarnest = async (seconds: number, signal: AbortSignal): Promise<void> => {
  await pause(seconds * 1000, undefined, { signal })
}

const settingsProblem = (
  vendor: Vendor,
  asked: Pick<Asked, 'settings'> & { readonly hasSecret: boolean },
): string | undefined => {
  const parsed = vendor.settings.safeParse(asked.settings)
  if (parsed.success) {
    const own = vendor.problem?.(asked.settings, asked.hasSecret)
    return own === undefined ? undefined : `${vendor.name}: ${own}`
  }
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.') ?? ''
  return `${vendor.name}: settings${field === '' ? '' : `.${field}`}: ${issue?.message ?? 'are wrong'}`
}

const vendorNamed = (name: string): Vendor | undefined => Object.values(registry).find((vendor) => vendor.name === name)

const namesOf = ({ parts }: Vendor): string => parts.map(({ name }) => name).join(', ')
