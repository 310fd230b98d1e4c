import type { HclBody } from '../../hcl/hcl-body.ts'
import type { Key, Names } from './evaluate.ts'
import { entriesOf, isKnown, isKnownText, listOf } from './known.ts'

/** One of the things that a block stands for. */
export interface Instance {
  /** As an address has it: `[0]`, `["a"]`, or nothing. */
  readonly at: string
  readonly key: Key | undefined
  readonly names: Names
}

export interface Instances {
  readonly all: readonly Instance[]
  /** Whether others have to say which of them they mean. */
  readonly by: 'count' | 'for_each' | undefined
  /** Why nobody can say how many there are: `all` is one then, that stands for them. */
  readonly unknown?: string
  /** How many there are that are left out. */
  readonly leftOut: number
}

/** How many things a block stands for; at most as many as asked for, whatever it says. */
export const instancesOf = (body: HclBody, asked: (attribute: string) => unknown, most: number): Instances => {
  const by = (['count', 'for_each'] as const).find((name) => body.attributes.some(({ key }) => key === name))
  if (by === undefined) return { all: [{ at: '', key: undefined, names: NONE }], by, leftOut: 0 }
  const value = asked(by)
  const found = by === 'count' ? byCount(value, most) : byEach(value)
  if (found === undefined) {
    const what = isKnown(value) ? 'has a form that Terraform refuses' : `is known only by a run: ${shown(value)}`
    return { all: [{ at: '', key: undefined, names: NONE }], by, unknown: `${by} ${what}`, leftOut: 0 }
  }
  return { all: found.all.slice(0, most), by, leftOut: Math.max(0, found.length - most) }
}

const NONE: Names = new Map()

interface Found {
  readonly all: readonly Instance[]
  readonly length: number
}

const byCount = (value: unknown, most: number): Found | undefined => {
  const count = isKnownText(value) && /^\d{1,15}$/.test(value) ? Number(value) : value
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 0) return undefined
  const all = Array.from({ length: Math.min(count, most) }, (_, index): Instance => {
    return { at: `[${index}]`, key: index, names: new Map([['count', { index }]]) }
  })
  return { all, length: count }
}

const byEach = (value: unknown): Found | undefined => {
  const items = listOf(value)
  const pairs = items ? items.map((item) => [item, item] as const) : entriesOf(value)
  // What only a run names may be one that is there already.
  if (!pairs?.every(([key]) => isKnown(key) && key !== null)) return undefined
  const all = [...new Map(pairs.map(([key, one]) => [String(key), one]))].map(([key, one]): Instance => {
    return { at: `[${JSON.stringify(key)}]`, key, names: new Map([['each', { key, value: one }]]) }
  })
  return { all, length: all.length }
}

const shown = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 120) : 'a part of it')
