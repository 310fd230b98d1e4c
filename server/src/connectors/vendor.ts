import type { z } from 'zod'
import type { Reaching } from '../kit/fetch.ts'
import type { VendorName } from './vendors.ts'

/** What a connector is configured with, once it is known to fit its vendor. */
export interface Configured {
  readonly settings: Readonly<Record<string, string>>
  /** Parts that are left out on purpose: nobody misses them. */
  readonly without: readonly string[]
}

/** One thing that a vendor is asked for, and the right that this takes. */
export interface Part {
  readonly name: string
  readonly needs: string
}

/** A vendor: what it must be told, what it is asked, and its source, loaded when it is used and not before. */
export interface Vendor {
  readonly name: VendorName
  /** The sources of `scan/` that read what it answers. */
  readonly sources: readonly string[]
  /** What its secret is; undefined where it has none. */
  readonly secret: string | undefined
  readonly isSecretOptional?: boolean
  readonly parts: readonly Part[]
  readonly settings: z.ZodType
  /** What the value of a tag may be there; undefined where nothing can be tagged. */
  readonly tagValue?: RegExp
  /** What is wrong with these settings beside this secret, or without one; undefined where nothing is. */
  problem?(settings: unknown, hasSecret: boolean): string | undefined
  open(settings: unknown): Promise<Source>
}

/** The face of a vendor that sees. */
export interface Source {
  /** Asks for every part; what fails is a gap of its part, and costs no other. */
  read(asking: Asking): Promise<void>
  /** Sets these tags of ours on what has this stable key, and touches nothing else of it. */
  write?(asking: Writing, target: Target & { readonly set: Readonly<Record<string, string>> }): Promise<void>
}

/** What is tagged: its stable key, and where it is, where the key does not say. */
export interface Target {
  readonly key: string
  readonly at?: string
}

/** What a source is handed while it writes. */
export type Writing = Pick<Asking, 'secret' | 'reach' | 'signal' | 'now' | 'wait'>

/** What a source is handed while it asks. */
export interface Asking {
  readonly secret: string
  /** The only way out. */
  readonly reach: Reaching
  /** Nobody waits any more. */
  readonly signal: AbortSignal
  now(): Date
  /** Waits as a vendor asks to, as long as somebody waits for it. */
  wait(seconds: number): Promise<void>
  /**
   * Asks for one part: what `ask` takes is kept, also when it fails after the first pages. A part that is left out is not
   * asked for.
   */
  part<T>(name: string, ask: (take: (items: readonly T[]) => void) => Promise<void>): Promise<readonly T[]>
  /** Something that can be tagged, those tags of ours that it has, and where it is, where its key does not say. */
  target(key: string, tags: Readonly<Record<string, string>>, at?: string): void
  /** What the parser is to read, as the export of that name would hold it. */
  keep(name: string, value: unknown): void
}

/** Says what is wrong with a vendor's answer, in words for people; nothing of the answer is in it. */
export class VendorError extends Error {
  readonly status: number | undefined

  constructor(message: string, status?: number, cause?: unknown) {
    super(message, { cause })
    this.name = 'VendorError'
    this.status = status
  }
}

/** A vendor whose settings its source takes parsed. */
export const vendorOf = <Settings extends z.ZodType>(
  spec: Omit<Vendor, 'settings' | 'problem' | 'open'> & {
    readonly settings: Settings
    problem?(settings: z.infer<Settings>, hasSecret: boolean): string | undefined
    load(): Promise<(settings: z.infer<Settings>) => Source>
  },
): Vendor => ({
  ...spec,
  problem: (settings, hasSecret) => spec.problem?.(spec.settings.parse(settings), hasSecret),
  open: async (settings) => (await spec.load())(spec.settings.parse(settings)),
})
