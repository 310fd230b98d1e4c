import { compileConditions } from '../expression/compile-conditions.ts'
import type { Compiled, Run } from '../expression/compiled.ts'
import type { PolicyEst } from '../policy-est.ts'
import { isPlain } from '../values/read-value.ts'
import { type Head, type HeadReader, headReader } from './head.ts'

/** A policy to be compiled. */
export interface PolicySource<Note = undefined> {
  id: string
  /** Its parsed form; a template must be linked first. */
  est: PolicyEst
  /** A forbid that denies when it fails; the annotation `@critical` says the same. */
  isCritical?: boolean
  /** Whatever should be found again with the policy. */
  note?: Note
}

/** A compiled policy. */
export interface CompiledPolicy<Note> {
  readonly id: string
  readonly head: Head
  readonly isPermit: boolean
  readonly isCritical: boolean
  /** What is asked of the request beside its head; undefined when that is nothing. */
  readonly holds: Run | undefined
  readonly note: Note | undefined
}

/** Compiles one policy, or says what is wrong with it. */
export type PolicyCompiler<Note> = (source: PolicySource<Note>) => CompiledPolicy<Note> | string

/** Makes a compiler of policies; those with the same conditions or parts of heads share what comes out. */
export const policyCompiler = <Note>(): PolicyCompiler<Note> => {
  const compile = conditionCompiler()
  const readHead = headReader()
  return (source) => compilePolicy(source, compile, readHead)
}

type ConditionCompiler = (conditions: unknown) => Compiled | string

const conditionCompiler = (): ConditionCompiler => {
  const known = new Map<string, Compiled | string>()
  return (conditions) => {
    const key = keyOf(conditions)
    if (key === undefined) return compileConditions(conditions)
    const compiled = known.get(key) ?? compileConditions(conditions)
    known.set(key, compiled)
    return compiled
  }
}

const compilePolicy = <Note>(
  source: PolicySource<Note>,
  compile: ConditionCompiler,
  readHead: HeadReader,
): CompiledPolicy<Note> | string => {
  const { id, note } = source
  const est: unknown = source.est
  if (!isPlain(est)) return 'the parsed form is not an object'
  const effect: unknown = Reflect.get(est, 'effect')
  if (effect !== 'permit' && effect !== 'forbid') return 'the effect is neither permit nor forbid'
  const isPermit = effect === 'permit'
  const head = readHead(est)
  if (typeof head === 'string') return head
  const compiled = compile(Reflect.get(est, 'conditions'))
  if (typeof compiled === 'string') return compiled
  const isCritical = source.isCritical === true || isAnnotated(Reflect.get(est, 'annotations'))
  if (isCritical && isPermit) return 'only a forbid can be critical'
  const holds = compiled.constant === true ? undefined : compiled.run
  return { holds, id, isPermit, isCritical, note, head }
}

const isAnnotated = (annotations: unknown): boolean =>
  isPlain(annotations) && Object.hasOwn(annotations, 'critical') && Reflect.get(annotations, 'critical') !== 'false'

// Equal texts are equal conditions; a bigint has no text, so what holds one is not remembered.
const keyOf = (conditions: unknown): string | undefined => {
  try {
    return JSON.stringify(conditions)
  } catch {
    return undefined
  }
}
