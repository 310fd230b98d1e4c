import type { HclBlock, HclBody, HclEntry, HclLoop, HclValue } from '../../hcl/hcl-body.ts'
import type { JsonObject } from '../../json-value.ts'
import { callFunction, joined, plainText } from './functions.ts'
import { entriesOf, isKnown, isKnownText, isMap, isOpenEnded, listOf, openEnded, unknown } from './known.ts'
import { operate } from './operate.ts'

/** What stands for names only here: `each`, `count`, the names of a loop. */
export type Names = ReadonlyMap<string, unknown>

/** A step into a value: a name, a number, or `*` for each of its items. */
export type Key = string | number | typeof EACH
export const EACH = Symbol('each')

/** How much may be made of values: names may stand for each other, and for twice as much with every line. */
export interface Budget {
  stepsLeft: number
  /** How many values lie around the one that is made. */
  depth: number
  /** Whether something was asked for of which it is known that it is not there. */
  hasMissed: boolean
}

export interface Evaluator {
  /** As JSON: what is not known is the text `${…}`. */
  valueIn(value: HclValue, names: Names): unknown
  /** Attributes and nested blocks, these as lists of objects, as a state has them. */
  attributesOf(body: HclBody, names: Names): JsonObject
}

/** Makes values of what is written; `referred` knows what the names of a module stand for. */
export const evaluator = (budget: Budget, referred: (keys: readonly Key[], text: string) => unknown): Evaluator => {
  const valueIn = (value: HclValue, names: Names): unknown => {
    budget.stepsLeft -= 1
    if (budget.stepsLeft < 0 || budget.depth > DEPTH_MAX) return '${…}'
    budget.depth += 1
    const made = madeOf(value, names)
    budget.depth -= 1
    // A text costs by its length: one that is long is not made a thousand times.
    if (typeof made === 'string') budget.stepsLeft -= made.length >> 4
    return made
  }
  const madeOf = (value: HclValue, names: Names): unknown => {
    switch (value.is) {
      case 'literal':
        return value.value
      case 'template':
        return joined(value.parts.map((part) => plainText(valueIn(part, names))))
      case 'list':
        return value.items.map((item) => valueIn(item, names))
      case 'object':
        return objectFrom(value.entries, names)
      case 'reference':
        return looked(value.path.split('.'), value.path, names)
      case 'step':
        return taken(value.from, [value.key], value.text, names)
      case 'splat':
        return taken(value.from, [EACH, ...value.keys], value.text, names)
      case 'call':
        return called(value, names)
      case 'choice': {
        const is = valueIn(value.of, names)
        if (is === true || is === 'true') return valueIn(value.yes, names)
        return is === false || is === 'false' ? valueIn(value.no, names) : unknown(value.text)
      }
      case 'operation':
        return (
          operate(
            value.operator,
            value.operands.map((operand) => valueIn(operand, names)),
          ) ?? unknown(value.text)
        )
      case 'loop':
        return looped(value, names)
      case 'unknown':
        return unknown(value.text)
    }
  }
  const looked = (keys: readonly Key[], text: string, names: Names): unknown => {
    const [head] = keys
    return typeof head === 'string' && names.has(head)
      ? stepped(names.get(head), keys.slice(1), text)
      : referred(keys, text)
  }
  // The way into a value, from its outermost name.
  const taken = (from: HclValue, last: readonly (HclValue | typeof EACH)[], text: string, names: Names): unknown => {
    const written: (HclValue | typeof EACH)[] = [...last].reverse()
    let base = from
    while (base.is === 'step' || base.is === 'splat') {
      if (base.is === 'splat') written.push(...[...base.keys].reverse(), EACH)
      else written.push(base.key)
      base = base.from
    }
    const keys: Key[] = []
    for (const one of written.reverse()) {
      const key = one === EACH ? EACH : valueIn(one, names)
      if (key !== EACH && typeof key !== 'number' && !isKnownText(key)) return unknown(text)
      keys.push(key)
    }
    return base.is === 'reference'
      ? looked([...base.path.split('.'), ...keys], text, names)
      : stepped(valueIn(base, names), keys, text)
  }
  const stepped = (value: unknown, keys: readonly Key[], text: string): unknown =>
    stepInto(value, keys, text, () => {
      budget.hasMissed = true
    })
  const called = (call: HclValue & { is: 'call' }, names: Names): unknown => {
    if (call.name === 'try') return tried(call.args, names)
    const args = call.args.map((arg) => valueIn(arg, names))
    const last = args.at(-1)
    const spread = call.isSpread ? listOf(last) : []
    if (spread === undefined) return unknown(`${call.name}(…)`)
    const made = callFunction(call.name, call.isSpread ? [...args.slice(0, -1), ...spread] : args)
    if (Array.isArray(made)) budget.stepsLeft -= made.length
    return budget.stepsLeft < 0 ? '${…}' : made
  }
  // The first that is there; one that only a run would tell is.
  const tried = (args: readonly HclValue[], names: Names): unknown => {
    const before = budget.hasMissed
    for (const arg of args) {
      budget.hasMissed = false
      const value = valueIn(arg, names)
      if (budget.hasMissed) continue
      budget.hasMissed = before
      return value
    }
    return unknown('try(…)')
  }
  const looped = (loop: HclLoop, around: Names): unknown => {
    const over = valueIn(loop.over, around)
    const items = listOf(over)?.map((item, at) => [at, item] as const) ?? entriesOf(over)
    if (!items) return unknown(loop.text)
    const made = gathering(loop)
    for (const [key, item] of items) {
      const names = new Map([...around, ...namesIn(loop, key, item)])
      const isIn = loop.condition ? valueIn(loop.condition, names) : true
      made.isOpen ||= typeof isIn !== 'boolean'
      if (isIn !== true) continue
      const value = valueIn(loop.value, names)
      made.put(loop.key ? valueIn(loop.key, names) : undefined, value)
      if (budget.stepsLeft < 0) return '${…}'
    }
    return openEnded(made.all(), made.isOpen)
  }
  const objectFrom = (entries: readonly HclEntry[], names: Names): JsonObject => {
    let isOpen = false
    const made = entries.map(({ key, computedKey, value }): [string, unknown] => {
      const name = computedKey ? valueIn(computedKey, names) : key
      if (!isKnown(name)) isOpen = true
      return [isKnown(name) ? String(name) : key, valueIn(value, names)]
    })
    return openEnded(Object.fromEntries(made), isOpen)
  }
  const attributesOf = (body: HclBody, names: Names): JsonObject => {
    const blocksByType = Map.groupBy(body.blocks, ({ type, labels }) => (type === 'dynamic' ? (labels[0] ?? '') : type))
    return {
      ...Object.fromEntries(
        [...blocksByType].map(([type, nested]) => [
          type,
          nested.flatMap((block) =>
            block.type === 'dynamic' ? repeated(block, type, names) : [attributesOf(block.body, names)],
          ),
        ]),
      ),
      ...objectFrom(body.attributes, names),
    }
  }
  // A block for each of a list; one where the list is not known.
  const repeated = ({ body }: HclBlock, type: string, around: Names): JsonObject[] => {
    const content = body.blocks.find((block) => block.type === 'content')?.body
    const over = body.attributes.find(({ key }) => key === 'for_each')
    if (!content) return []
    const list = over && valueIn(over.value, around)
    const items = list === null ? [] : (listOf(list)?.map((item) => [item, item] as const) ?? entriesOf(list))
    const iterator = body.attributes.find(({ key }) => key === 'iterator')?.value
    const name = iterator?.is === 'reference' ? iterator.path : type
    if (!items) return [attributesOf(content, around)]
    return items.map(([key, value]) => attributesOf(content, new Map([...around, [name, { key, value }]])))
  }
  return { valueIn, attributesOf }
}

const DEPTH_MAX = 250

// What a loop makes: a list, or what it puts under names, several under one where it groups.
const gathering = (loop: HclLoop) => {
  const list: unknown[] = []
  const map = new Map<string, unknown>()
  const groups = new Map<string, unknown[]>()
  return {
    /** Whether there is more, or something else, than can be told. */
    isOpen: false,
    put(name: unknown, value: unknown): void {
      if (!loop.key) list.push(value)
      else if (!isKnown(name)) this.isOpen = true
      else if (!loop.isGrouped) map.set(String(name), value)
      else if (!groups.get(String(name))?.push(value)) groups.set(String(name), [value])
    },
    all: (): JsonObject | unknown[] => (loop.key ? Object.fromEntries(loop.isGrouped ? groups : map) : list),
  }
}

const namesIn = ({ names: [first = '', second] }: HclLoop, key: unknown, item: unknown): [string, unknown][] =>
  second === undefined
    ? [[first, item]]
    : [
        [first, key],
        [second, item],
      ]

/** What lies at the end of some steps; `onMissing` is told when it is known that there is nothing. */
export const stepInto = (value: unknown, keys: readonly Key[], text: string, onMissing: () => void): unknown => {
  let at: unknown = value
  for (const [step, key] of keys.entries()) {
    if (key === EACH) {
      const items = itemsOf(at)
      if (!items) return unknown(text)
      const each = items.map((item) => stepInto(item, keys.slice(step + 1), text, onMissing))
      return openEnded(each, isOpenEnded(at))
    }
    const found = partOf(at, key)
    if (!found) {
      if ((isMap(at) || Array.isArray(at) || at === null) && !isOpenEnded(at)) onMissing()
      return unknown(text)
    }
    at = found.part
  }
  return at
}

// One thing is a list of itself, and nothing is one of none.
const itemsOf = (value: unknown): readonly unknown[] | undefined => {
  if (value === null) return []
  if (Array.isArray(value)) return value
  return isKnown(value) || isMap(value) ? [value] : undefined
}

const partOf = (value: unknown, key: string | number): { readonly part: unknown } | undefined => {
  if (isMap(value)) return Object.hasOwn(value, String(key)) ? { part: value[String(key)] } : undefined
  const items = listOf(value)
  return items && /^\d{1,9}$/.test(String(key)) && Number(key) < items.length ? { part: items[Number(key)] } : undefined
}
