import type { LintGround } from '@reeve/cedar'
import {
  ALWAYS_STATED,
  ALWAYS_WITHOUT_REGIONS,
  statedOfAccess,
  statedOfCall,
  statedOfQuestion,
} from '../decide/stated-facts.ts'
import type { Application } from '../domain/application.ts'
import type { Resource } from '../domain/resource.ts'
import type { PolicySchema } from '../engine/index.ts'

/** What there is for policies to speak of, as the lints are told it. */
export const policyGround = (
  schema: PolicySchema,
  given: {
    readonly resources: readonly Resource[]
    readonly applications: readonly Application[]
    readonly knowsRegions: boolean
  },
): LintGround => {
  const always = given.knowsRegions ? ALWAYS_STATED : ALWAYS_WITHOUT_REGIONS
  const ofAccess = statedOfAccess(given.resources.flatMap(({ detailTypes }) => detailTypes))
  const namespaces = typeof schema === 'string' ? [] : Object.entries(schema)
  const full = (namespace: string, type: string): string => (type.includes('::') ? type : `${namespace}::${type}`)
  return {
    actions: namespaces.flatMap(([namespace, { actions }]) =>
      Object.entries(actions).flatMap(([name, { appliesTo, memberOf }]) => {
        if (!appliesTo) return []
        const { principalTypes } = appliesTo
        const statedTo = (type: string): readonly string[] => {
          const application = given.applications.find((one) => one.name === namespace)
          if (application !== undefined) return statedOfQuestion(application.resources, name)
          // Only operations of this server are called by people.
          return principalTypes.includes('Person') ? statedOfCall(name, type) : ofAccess
        }
        const stated = principalTypes.map((type): [string, Set<string>] => [
          full(namespace, type),
          new Set(statedTo(type).filter((fact) => !always.has(fact))),
        ])
        return [
          {
            uid: { type: `${namespace}::Action`, id: name },
            groups: (memberOf ?? []).map(({ type = `${namespace}::Action`, id }) => ({ type, id })),
            stated: new Map(stated),
          },
        ]
      }),
    ),
    known: new Map([['Reeve::Resource', new Set(given.resources.flatMap(({ id, name }) => [id, name]))]]),
    always,
  }
}
