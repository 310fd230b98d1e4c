import type { Location } from '../../report.ts'

/** One rule of a role, about one resource. */
export interface Rule {
  readonly verbs: readonly string[]
  readonly group: string
  /** With its subresource (`pods/exec`); `url /metrics` for what is no resource. */
  readonly resource: string
  /** The one object that it is about; empty for all. */
  readonly name: string
}

/** A rule as a binding gives it to a subject. */
export interface Right extends Rule {
  /** `*` is the whole cluster. */
  readonly namespace: string
  readonly because: string
  readonly where: Location
}

/** Whether a rule allows a verb on a resource, whatever the object. */
export const allows = (rule: Rule, verb: string, group: string, resource: string): boolean =>
  (rule.verbs.includes(verb) || rule.verbs.includes('*')) &&
  (rule.group === group || rule.group === '*') &&
  (rule.resource === resource || rule.resource === '*' || isSubresourceOf(resource, rule.resource))

const isSubresourceOf = (resource: string, written: string): boolean =>
  written.startsWith('*/') && resource.endsWith(written.slice(1))

/**
 * The verbs of a rule that can be used at all. Whoever makes an object, or deletes all of them, names none, so that a rule
 * about one name never fits; what is part of an object has its name, and so has what is made by applying it (`patch`).
 */
export const usableVerbs = ({ verbs, resource, name }: Rule): readonly string[] => {
  if (name === '') return verbs
  const namesWhatItMakes = resource.includes('/') || verbs.includes('patch')
  return verbs.filter((verb) => verb !== 'deletecollection' && (verb !== 'create' || namesWhatItMakes))
}

/** Whether a rule allows everything that its namespace, or the cluster, has. */
export const allowsEverything = ({ verbs, group, resource, name }: Rule): boolean =>
  verbs.includes('*') && group === '*' && resource === '*' && name === ''

/** Whether a rule only looks, or asks the cluster what it thinks of a token or of rights. */
export const onlyReads = ({ verbs, resource }: Rule): boolean =>
  /^(?:self)?subject\w{0,20}reviews$|^tokenreviews$|^localsubjectaccessreviews$/.test(resource) ||
  verbs.every((verb) => READING.has(verb))

const READING = new Set(['get', 'list', 'watch'])

/** Whether a rule shows secrets: listing and watching answer with their content as well. */
export const readsSecrets = (rule: Rule): boolean => [...READING].some((verb) => allows(rule, verb, '', 'secrets'))

/** Whether a right has the API server show it every object as it is written, secrets among them. */
export const seesWritten = (right: Right): boolean =>
  right.namespace === '*' &&
  ['create', 'update', 'patch'].some(
    (verb) =>
      (verb !== 'create' || right.name === '') &&
      allows(right, verb, 'admissionregistration.k8s.io', 'validatingwebhookconfigurations'),
  )

const CLASSES = ['unknown', 'reads', 'writes', 'secrets', 'becomes', 'everything'] as const
/** What a binding gives, in one word: the worst of what its rules allow. */
export type AccessClass = (typeof CLASSES)[number]

/** The worse of two classes. */
export const worse = (one: AccessClass, other: AccessClass): AccessClass =>
  CLASSES.indexOf(one) >= CLASSES.indexOf(other) ? one : other
