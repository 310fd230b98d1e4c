import type { Entropy } from './entropy.ts'
import { datetime, decimal, duration, ip, long, NAMES, string } from './literals.ts'
import {
  actionUid,
  ENTITY_TYPES,
  entityUid,
  type Fields,
  type Schema,
  TAGGED,
  type Type,
  type,
  VALID,
} from './world.ts'

/** Writes expressions: mostly of the wanted type and of what the world has, now and then of anything. */
export interface Writer {
  expression(wanted: Type, depth: number): string
}

const IDENTIFIER = /^[_a-zA-Z][_a-zA-Z0-9]*$/
const RESERVED = new Set(['true', 'false', 'if', 'then', 'else', 'in', 'is', 'like', 'has', '__cedar'])
const isIdentifier = (name: string): boolean => IDENTIFIER.test(name) && !RESERVED.has(name)
const BOOL: Type = { is: 'bool' }
const LONG: Type = { is: 'long' }
const STRING: Type = { is: 'string' }
const ENTITY: Type = { is: 'entity' }

export const quoted = (text: string): string =>
  `"${[...text].map((letter) => (/[ -~]/.test(letter) && letter !== '"' && letter !== '\\' ? letter : `\\u{${letter.codePointAt(0)?.toString(16)}}`)).join('')}"`

export const uidText = (uid: { type: string; id: string }): string => `${uid.type}::${quoted(uid.id)}`

/** A place where a value of some type is to be found. */
interface Path {
  text: string
  type: Type
}

const step = (name: string): string => (isIdentifier(name) ? `.${name}` : `[${quoted(name)}]`)

const pathsOf = (base: string, fields: Fields, depth: number): Path[] =>
  [...fields].flatMap(([name, kind]) => {
    const own = { text: base + step(name), type: kind }
    return kind.is === 'record' && depth > 0 ? [own, ...pathsOf(own.text, kind.fields, depth - 1)] : [own]
  })

const sameType = (one: Type, other: Type): boolean =>
  one.is === other.is && (one.is !== 'set' || other.is !== 'set' || sameType(one.of, other.of))

export const writer = (of: Entropy, world: Schema): Writer => {
  const paths: Path[] = [
    ...pathsOf('context', world.context, 2),
    ...pathsOf('principal', world.attributes.get(world.principal) ?? new Map(), 2),
    ...pathsOf('resource', world.attributes.get(world.resource) ?? new Map(), 2),
  ]
  const literal = (wanted: Type, depth: number): string => {
    switch (wanted.is) {
      case 'bool':
        return of.pick(['true', 'false'])
      case 'long':
        return String(long(of))
      case 'string':
        return quoted(string(of))
      case 'entity':
        return of.pick([
          () => 'principal',
          () => 'resource',
          () => uidText(entityUid(of)),
          () => 'action',
          () => uidText(actionUid(of)),
        ])()
      case 'set':
        return `[${of.some(of.oneIn(12) ? 12 : 3, () => expression(wanted.of, depth - 1)).join(', ')}]`
      case 'record':
        return `{${[...wanted.fields].map(([name, kind]) => `${isIdentifier(name) ? name : quoted(name)}: ${expression(kind, depth - 1)}`).join(', ')}}`
      default:
        return extension(wanted.is, depth)
    }
  }
  const extension = (kind: 'ip' | 'decimal' | 'datetime' | 'duration', depth: number): string => {
    if (kind === 'datetime' && depth > 0 && of.oneIn(3)) {
      const on = expression({ is: 'datetime' }, depth - 1)
      return of.oneIn(2) ? `(${on}).toDate()` : `(${on}).offset(${expression({ is: 'duration' }, depth - 1)})`
    }
    if (kind === 'duration' && depth > 0 && of.oneIn(3)) {
      const on = expression({ is: 'datetime' }, depth - 1)
      return of.oneIn(2) ? `(${on}).toTime()` : `(${on}).durationSince(${expression({ is: 'datetime' }, depth - 1)})`
    }
    if (of.oneIn(14)) return `${kind}(${expression(of.oneIn(5) ? type(of, 1) : STRING, depth - 1)})`
    return `${kind}(${quoted(of.oneIn(4) ? { ip, decimal, datetime, duration }[kind](of) : of.pick(VALID[kind]))})`
  }
  const found = (wanted: Type): string | undefined => {
    const fitting = paths.filter((path) => sameType(path.type, wanted))
    return fitting.length > 0 ? of.pick(fitting).text : undefined
  }
  const base = (depth: number): string =>
    of.oneIn(4) ? expression(ENTITY, depth - 1) : of.pick(['principal', 'resource'])
  const tag = (depth: number): string =>
    `(${base(depth)}).getTag(${of.oneIn(6) ? expression(STRING, depth - 1) : quoted(of.oneIn(6) ? of.pick(NAMES) : of.pick(TAGGED))})`
  const choice = (wanted: Type, depth: number): string =>
    `(if ${expression(BOOL, depth - 1)} then ${expression(wanted, depth - 1)} else ${expression(wanted, depth - 1)})`
  const infix = (operator: string, kind: Type, depth: number, right: Type = kind): string =>
    `(${expression(kind, depth - 1)}) ${operator} (${expression(right, depth - 1)})`
  const method = (on: Type, name: string, depth: number, ...given: Type[]): string =>
    `(${expression(on, depth - 1)}).${name}(${given.map((one) => expression(one, depth - 1)).join(', ')})`
  const names = (): string => of.pick(NAMES.filter(isIdentifier))
  const fielded = (depth: number): string =>
    of.oneIn(4) ? expression(type(of, 1), depth - 1) : of.pick(['context', 'principal', 'resource', 'action'])
  const pattern = (): string =>
    `"${of.some(5, () => of.pick(['*', '*', 'a', 'b', '\\*', '\\\\', 'é', '\\u{1F600}', '\\"'])).join('')}"`

  const conditions: readonly ((depth: number) => string)[] = [
    (depth) => infix(of.pick(['==', '!=']), type(of, 1), depth),
    (depth) => infix(of.pick(['==', '!=']), type(of, 1), depth, type(of, 1)),
    (depth) => infix('&&', BOOL, depth),
    (depth) => infix('||', BOOL, depth),
    (depth) => `!(${expression(BOOL, depth - 1)})`,
    (depth) => infix(of.pick(['<', '<=', '>', '>=']), LONG, depth),
    (depth) => infix(of.pick(['<', '<=', '>', '>=']), of.pick<Type>([{ is: 'datetime' }, { is: 'duration' }]), depth),
    (depth) => infix(of.pick(['<', '<=', '>', '>=']), type(of, 0), depth),
    (depth) => `(${fielded(depth)}) has ${of.oneIn(3) ? quoted(of.pick(NAMES)) : names()}`,
    (depth) => `(${fielded(depth)}) has ${[names(), ...of.some(2, names)].join('.')}`,
    (depth) => `(${expression(STRING, depth - 1)}) like ${pattern()}`,
    (depth) => `(${expression(ENTITY, depth - 1)}) is ${of.pick([...ENTITY_TYPES, 'Action', 'Nobody'])}`,
    (depth) =>
      `(${expression(ENTITY, depth - 1)}) is ${of.pick(ENTITY_TYPES)} in (${expression(of.oneIn(3) ? { is: 'set', of: ENTITY } : ENTITY, depth - 1)})`,
    (depth) => infix('in', ENTITY, depth),
    (depth) => infix('in', ENTITY, depth, { is: 'set', of: of.oneIn(9) ? type(of, 0) : ENTITY }),
    (depth) => {
      const item = type(of, 1)
      return method({ is: 'set', of: item }, 'contains', depth, of.oneIn(5) ? type(of, 1) : item)
    },
    (depth) => {
      const set: Type = { is: 'set', of: type(of, 1) }
      return method(set, of.pick(['containsAll', 'containsAny']), depth, of.oneIn(6) ? type(of, 1) : set)
    },
    (depth) => method({ is: 'set', of: type(of, 0) }, 'isEmpty', depth),
    (depth) => `(${base(depth)}).hasTag(${of.oneIn(3) ? expression(STRING, depth - 1) : quoted(of.pick(NAMES))})`,
    (depth) =>
      method({ is: 'decimal' }, of.pick(['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual']), depth, {
        is: 'decimal',
      }),
    (depth) => method({ is: 'ip' }, of.pick(['isIpv4', 'isIpv6', 'isLoopback', 'isMulticast']), depth),
    (depth) => method({ is: 'ip' }, 'isInRange', depth, { is: 'ip' }),
    (depth) =>
      infix(
        of.pick(['==', '!=']),
        of.pick<Type>([{ is: 'ip' }, { is: 'decimal' }, { is: 'datetime' }, { is: 'duration' }]),
        depth,
      ),
    (depth) => `(${expression(world.tags, depth - 1)}) == (${tag(depth)})`,
    (depth) => `(${base(depth)}).hasTag("a") && (${tag(depth)}) == (${expression(world.tags, depth - 1)})`,
    // A wrong number of arguments, which only evaluation finds.
    (depth) => (of.oneIn(5) ? wrongArity(depth) : infix('==', { is: 'ip' }, depth)),
  ]
  const wrongArity = (depth: number): string =>
    of.pick([
      () => 'ip()',
      () => 'decimal("1.0", "2.0")',
      () => method({ is: 'ip' }, 'isIpv4', depth, { is: 'ip' }),
      () => method({ is: 'decimal' }, 'lessThan', depth),
    ])()
  const numbers: readonly ((depth: number) => string)[] = [
    (depth) => infix(of.pick(['+', '-']), LONG, depth),
    (depth) => infix('*', LONG, depth),
    (depth) => `-(${expression(LONG, depth - 1)})`,
    () => `-(${found(LONG) ?? 'context.n'})`,
    (depth) =>
      method({ is: 'duration' }, of.pick(['toMilliseconds', 'toSeconds', 'toMinutes', 'toHours', 'toDays']), depth),
  ]
  const expression = (asked: Type, depth: number): string => {
    const wanted = of.oneIn(40) ? type(of, 1) : asked
    if (depth <= 0) return (of.oneIn(2) ? found(wanted) : undefined) ?? literal(wanted, 0)
    switch (of.below(10)) {
      case 0:
        return literal(wanted, depth)
      case 1:
        return choice(wanted, depth)
      case 2:
        return sameType(world.tags, wanted) ? tag(depth) : literal(wanted, depth)
      case 3:
      case 4:
      case 5:
        return found(wanted) ?? literal(wanted, depth)
      default:
        if (wanted.is === 'bool') return of.pick(conditions)(depth)
        return wanted.is === 'long' ? of.pick(numbers)(depth) : literal(wanted, depth)
    }
  }
  return {
    expression: (wanted, depth) =>
      wanted.is === 'bool' && !of.oneIn(20) ? of.pick(conditions)(depth) : expression(wanted, depth),
  }
}
