import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs'

/** The result of a call into the official engine: its answer, or why it broke. */
export type Called<Result> = { ok: true; result: Result } | { ok: false; message: string }

/** A set of policies as the official engine takes it, with a key that names its content. */
export interface Slice {
  key: string
  size: number
  policies(): Record<string, string>
}

/** A request as the official engine takes it. */
export type OfficialRequest = Pick<
  Cedar.AuthorizationCall,
  'principal' | 'action' | 'resource' | 'context' | 'entities'
>

/**
 * Calls the official engine, and survives its death.
 *
 * A trap inside WebAssembly (its stack is small, and a deep expression overflows it) leaves the instance in an unknown
 * state. So after any exception the instance is thrown away, with every slice prepared in it.
 */
export const callOfficial = <Result>(call: (cedar: typeof Cedar) => Result): Called<Result> => {
  try {
    instance ??= load()
    return { ok: true, result: call(instance) }
  } catch (error) {
    releaseOfficial()
    return { ok: false, message: error instanceof Error ? error.message : 'unknown failure' }
  }
}

/** Lets go of the instance, with all that is prepared in it; whoever asks next has it made anew. */
export const releaseOfficial = (): void => {
  instance = undefined
  slots.clear()
  freeSlots.length = 0
  slotsMade = 0
  preparedPolicies = 0
}

/** Decides a request on a slice, which stays prepared for the next request that needs the same one. */
export const decideOfficially = (slice: Slice, request: OfficialRequest): Called<Cedar.AuthorizationAnswer> =>
  callOfficial((cedar) => {
    const prepared = prepare(cedar, slice)
    if (typeof prepared !== 'string') return prepared
    return cedar.statefulIsAuthorized({ ...request, preparsedPolicySetId: prepared })
  })

// The engine keeps prepared sets for ever and has no call to forget one, so a bounded number of names is reused.
// One engine per process: the instance is large, and the names are its own.
const SLOTS_MAX = 4096
const PREPARED_POLICIES_MAX = 50_000
let instance: typeof Cedar | undefined
const slots = new Map<string, { name: string; size: number }>()
const freeSlots: string[] = []
let slotsMade = 0
let preparedPolicies = 0

// INVARIANT: nothing but `instance` holds what this gives, so that letting go of it gives its memory back, and nobody else
// loses theirs when this one breaks. Node keeps every module in the cache, and in the list of whoever required it.
const load = (): typeof Cedar => {
  const require = createRequire(import.meta.url)
  setFlagsFromString(`--wasm-tiering-budget=${OPTIMISED_AFTER_BYTES}`)
  const path = require.resolve('@cedar-policy/cedar-wasm/nodejs')
  // Of a module that others are just importing, Node expects to find what it put there.
  const others = require.cache[path]
  delete require.cache[path]
  try {
    return require(path)
  } finally {
    if (others === undefined) delete require.cache[path]
    else require.cache[path] = others
  }
}

// V8 optimises a function once it ran over so many bytes of code. By its own default, a hundredth of this, a start would
// have most of them optimised for the few policies that it checks, on other threads and for nothing: the compiler's 25 MB
// stay with the process. A set of thousands is read as fast either way.
const OPTIMISED_AFTER_BYTES = 1_300_000_000

const prepare = (cedar: typeof Cedar, slice: Slice): string | (Cedar.AuthorizationAnswer & { type: 'failure' }) => {
  const known = slots.get(slice.key)
  if (known) {
    // A map lists the oldest first: moved to the end, the most recently used is the last to go.
    slots.delete(slice.key)
    slots.set(slice.key, known)
    return known.name
  }
  makeRoom(cedar, slice.size)
  const name = freeSlots.pop() ?? `slice-${slotsMade++}`
  const parsed = cedar.preparsePolicySet(name, { staticPolicies: slice.policies() })
  if (parsed.type === 'failure') {
    freeSlots.push(name)
    return { type: 'failure', errors: parsed.errors, warnings: [] }
  }
  slots.set(slice.key, { name, size: slice.size })
  preparedPolicies += slice.size
  return name
}

const makeRoom = (cedar: typeof Cedar, size: number): void => {
  for (const [key, slot] of slots) {
    if (slots.size < SLOTS_MAX && preparedPolicies + size <= PREPARED_POLICIES_MAX) return
    slots.delete(key)
    preparedPolicies -= slot.size
    freeSlots.push(slot.name)
    cedar.preparsePolicySet(slot.name, { staticPolicies: {} })
  }
}
