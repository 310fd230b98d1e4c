import type { Kysely, Transaction } from 'kysely'
import type { z } from 'zod'
import type { Actor, FieldChange, Kept, Workflow } from '../ledger/event.ts'
import type { Fault } from './fault.ts'
import type { Scope } from './scope.ts'

/** Who calls, as the edge proved it, and from where. */
export interface Caller {
  readonly actor: Actor
  readonly roles: readonly RoleHeld[]
  readonly credential: string | null
  readonly instance: string | null
  readonly token: string | null
  readonly workflow: Workflow | null
  readonly source: { readonly ip: string | null; readonly region: string | null; readonly userAgent: string | null }
  readonly requestId: string
  readonly traceparent: string | null
  /** What the session was narrowed to when it was opened; null or absent: to nothing. */
  readonly narrowedTo?: Narrowing | null
  /**
   * The same object for calls that differ in nothing of the above but `requestId` and `traceparent`: what follows from
   * who calls is found by it, without being worked out for every call.
   */
  readonly bearer?: object
  /** Why what the caller carried proved nothing; the pipeline refuses with it, and records that. */
  readonly refusal?: Fault
  /**
   * Looks again whether the proof still holds, where memory changed since it was last looked at; throws the fault when
   * it does not.
   */
  stillProven?(): Promise<unknown> | undefined
}

/** What is left to a narrowed session: access as code of these directories, and nothing else at all. */
export interface Narrowing {
  readonly directories: readonly string[]
  readonly may: 'plan' | 'plan+apply'
}

/** A person's role; with a team it holds for what that team owns, without one everywhere. */
export interface RoleHeld {
  readonly role: 'viewer' | 'auditor' | 'owner' | 'approver' | 'admin'
  readonly team: string | null
}

/** What an operation is about: what the policy decides on and what the event names. */
export interface Subject {
  readonly type: 'Identity' | 'Team' | 'Resource' | 'Deployment' | 'Person'
  readonly id: string | null
  readonly name: string | null
  readonly environment: string | null
  readonly team: string | null
  /** Tags of the identity, copied to the event. */
  readonly tags?: Readonly<Record<string, string>>
  /** The directory of access as code that the call is about: what a narrowed session is held to. */
  readonly directory?: string
  /** The caller named something that is no team's: only who may see the whole deployment may know whether it exists. */
  readonly isUnowned?: boolean
}

/** The whole deployment, for operations that are about no single thing. */
export const DEPLOYMENT: Subject = { type: 'Deployment', id: 'reeve', name: 'reeve', environment: null, team: null }

/** The whole deployment, for a thing that the caller named and that belongs to no team, or does not exist. */
export const UNOWNED: Subject = { ...DEPLOYMENT, isUnowned: true }

/** Tells every replica, after the commit, that what it holds in memory of `key` is out of date. */
export interface Signal {
  readonly topic: string
  readonly key: string
}

/** What a run hands back: the answer, and what the record of it says. */
export interface Ran<Output> {
  readonly output: Output
  readonly on?: Subject
  readonly change?: readonly FieldChange[]
  readonly approval?: string
  readonly evidence?: Readonly<Record<string, string | number | boolean | null>>
  readonly signals?: readonly Signal[]
  readonly kept?: readonly Kept[]
}

/** What every step of an operation is handed. */
export interface Given<Ports, Input> {
  readonly input: Input
  readonly caller: Caller
  readonly now: Date
  readonly ports: Ports
  newId(prefix: string): string
  /** Whether the policy lets the caller know of this. What it does not is answered as what does not exist. */
  sees(subject: Subject): boolean
}

interface Described<Name extends string, In extends z.ZodType, Out extends z.ZodType> {
  /** `room.noun.verb`: the operation, the policy action, the event's kind, the route, the CLI words, the docs anchor. */
  readonly name: Name
  /** One sentence for the CLI's help and the reference. */
  readonly summary: string
  readonly input: In
  readonly output: Out
  /** The codes of the room's fault table that it may raise. */
  readonly faults: readonly string[]
  /** Who may call at all; the policy decides among them. Default: people and non-human identities. */
  readonly principals?: readonly Actor['principalType'][]
}

/** An operation that changes something. `prepare` sees the outside world and no store; `run` the store and nothing slow. */
export interface WriteSpec<Tables, Ports, In extends z.ZodType, Out extends z.ZodType, Prepared>
  extends Described<string, In, Out> {
  readonly prepare?: (given: Given<Ports, z.infer<In>>) => Promise<Prepared>
  readonly on: (given: Given<Ports, z.infer<In>> & { readonly tx: Transaction<Tables> }) => Subject | Promise<Subject>
  readonly run: (
    given: Given<Ports, z.infer<In>> & { readonly tx: Transaction<Tables>; readonly prepared: Prepared },
  ) => Promise<Ran<z.infer<Out>>>
}

/** An operation that only reads. */
export interface ReadSpec<Tables, Ports, In extends z.ZodType, Out extends z.ZodType>
  extends Described<string, In, Out> {
  readonly on: (given: Given<Ports, z.infer<In>> & { readonly db: Kysely<Tables> }) => Subject | Promise<Subject>
  readonly run: (given: Given<Ports, z.infer<In>> & { readonly db: Kysely<Tables> }) => Promise<Shown<z.infer<Out>>>
}

/** What a read hands back. Where it is not `on` what it shows, its evidence names that: the record says what was read. */
type Shown<Output> = Pick<Ran<Output>, 'output' | 'on' | 'evidence'>

/**
 * An operation that lists. Asked about the deployment by somebody whose roles are of teams, it answers their part: the
 * `scope` is what was decided, and every read of the list takes it.
 */
export interface ListSpec<Tables, Ports, In extends z.ZodType, Out extends z.ZodType>
  extends Described<string, In, Out> {
  readonly on: ReadSpec<Tables, Ports, In, Out>['on']
  readonly run: (
    given: Given<Ports, z.infer<In>> & { readonly db: Kysely<Tables>; readonly scope: Scope },
  ) => Promise<{ readonly output: z.infer<Out>; readonly on?: Subject }>
}

/** An operation as the pipeline and the edges see it: of any room, its ports plugged in. */
export interface Operation {
  readonly name: string
  readonly summary: string
  readonly effect: 'write' | 'read'
  /** Whether it answers a part of the deployment to whom only a part may be shown. */
  readonly isList: boolean
  readonly input: z.ZodType
  readonly output: z.ZodType
  readonly faults: readonly string[]
  readonly principals: readonly Actor['principalType'][]
  // The edges know operations only by these shapes; the room's own types end at the factory below.
  // biome-ignore lint/suspicious/noExplicitAny: erased on purpose, once, here
  readonly prepare: ((given: any) => Promise<any>) | undefined
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly on: (given: any) => Subject | Promise<Subject>
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly run: (given: any) => Promise<Ran<unknown>>
}

/** An operation that still waits for its room's ports. */
export type Unplugged<Ports> = (ports: Ports) => Operation

const DEFAULT_PRINCIPALS = ['human', 'nhi'] as const

/** The makers of a room's operations; the handles they get name that room's tables and no other's. */
export const operationsOf = <Tables, Ports>() => ({
  write:
    <In extends z.ZodType, Out extends z.ZodType, Prepared = undefined>(
      spec: WriteSpec<Tables, Ports, In, Out, Prepared>,
    ): Unplugged<Ports> =>
    (ports) => ({ ...erase(spec, 'write'), isList: false, ...plug(spec, ports) }),
  read:
    <In extends z.ZodType, Out extends z.ZodType>(spec: ReadSpec<Tables, Ports, In, Out>): Unplugged<Ports> =>
    (ports) => ({ ...erase(spec, 'read'), isList: false, ...plug({ ...spec, prepare: undefined }, ports) }),
  list:
    <In extends z.ZodType, Out extends z.ZodType>(spec: ListSpec<Tables, Ports, In, Out>): Unplugged<Ports> =>
    (ports) => ({ ...erase(spec, 'read'), isList: true, ...plug({ ...spec, prepare: undefined }, ports) }),
})

const erase = (spec: Described<string, z.ZodType, z.ZodType>, effect: 'write' | 'read') => ({
  name: spec.name,
  summary: spec.summary,
  effect,
  input: spec.input,
  output: spec.output,
  faults: spec.faults,
  principals: spec.principals ?? DEFAULT_PRINCIPALS,
})

// biome-ignore lint/suspicious/noExplicitAny: the erased shapes of Operation
type Erased = (given: any) => any

const plug = (spec: { prepare?: Erased | undefined; on: Erased; run: Erased }, ports: unknown) => {
  const { prepare } = spec
  return {
    prepare: prepare === undefined ? undefined : (given: object) => prepare({ ...given, ports }),
    on: (given: object) => spec.on({ ...given, ports }),
    run: (given: object) => spec.run({ ...given, ports }),
  }
}
