import type { SchemaJson } from '@cedar-policy/cedar-wasm/nodejs'
import { type ActionConstraint, type EntityUid, uidText } from '@reeve/cedar'
import { namedActions } from './named-actions.ts'

/** A schema, and what is left of it for policies about a few of its actions. */
export interface NarrowSchema {
  /** The actions that a head may match; undefined where it may be any of them, or none that is about anything. */
  matched(constraint: ActionConstraint): ReadonlySet<string> | undefined
  /** One action for each kind of request that these are about, or all where none are named. */
  sampled(actions: ReadonlySet<string> | undefined): ReadonlySet<string>
  /** The schema in which these actions alone are about anything. */
  only(actions: ReadonlySet<string>): SchemaJson<string>
}

/**
 * The type checker judges a policy once for each action, each type of who acts and each type of what is acted on: in a
 * schema of hundreds of actions one policy takes 10 ms, of which all but what its head matches is for nothing.
 *
 * INVARIANT: where the action is not one that the head matches, the head is false and nothing behind it is looked at; the
 * head's own list is, so that one of several namespaces, which is wrong by itself, is no case for a narrow schema. All
 * names stay, with the groups that they are in, so that what a policy speaks of is known or unknown as before. A policy
 * that does not look at its action is sound for all of one kind or for none.
 */
export const narrowSchema = (schema: SchemaJson<string>): NarrowSchema => {
  const members = membersOf(schema)
  const applying = applyingIn(schema)
  return {
    matched(constraint) {
      const named = namedActions(constraint)
      if (named === undefined || isMixed(named)) return undefined
      const matched = new Set(named.map(uidText))
      if (constraint.op === 'in')
        for (const group of matched) for (const { member } of members.get(group) ?? []) matched.add(member)
      // Without any there is nothing to judge a policy with, and what is wrong with it would not be told.
      const known = matched.intersection(applying)
      return known.size === 0 ? undefined : known
    },
    sampled(actions) {
      const some = actions === undefined ? [...applying] : [...applying].filter(([action]) => actions.has(action))
      return new Set(new Map(some.map(([action, kind]) => [kind, action])).values())
    },
    only: (actions) =>
      Object.fromEntries(
        Object.entries(schema).map(([name, namespace]) => [
          name,
          { ...namespace, actions: kept(name, namespace, actions) },
        ]),
      ),
  }
}

// A list of actions of two namespaces is told of wherever the principal may be the head's, whatever the action is.
const isMixed = (named: readonly EntityUid[]): boolean => new Set(named.map(({ type }) => type)).size > 1

type Namespace = SchemaJson<string>[string]

const kept = (name: string, namespace: Namespace, actions: ReadonlySet<string>): Namespace['actions'] =>
  Object.fromEntries(
    Object.entries(namespace.actions).map(([id, { appliesTo, ...action }]) => {
      const isKept = appliesTo !== undefined && actions.has(uidText({ type: actionType(name), id }))
      return [id, isKept ? { ...action, appliesTo } : action]
    }),
  )

/** The actions that are about anything, and who, on what and with which facts: in the words of their namespace. */
const applyingIn = (schema: SchemaJson<string>): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(schema).flatMap(([name, { actions }]) =>
      Object.entries(actions).flatMap(([id, { appliesTo }]): [string, string][] =>
        appliesTo ? [[uidText({ type: actionType(name), id }), JSON.stringify([name, appliesTo])]] : [],
      ),
    ),
  )

/** What is directly in each group of actions. */
const membersOf = (schema: SchemaJson<string>): ReadonlyMap<string, readonly { readonly member: string }[]> => {
  const memberships = Object.entries(schema).flatMap(([name, { actions }]) =>
    Object.entries(actions).flatMap(([id, { memberOf = [] }]) => {
      const member = uidText({ type: actionType(name), id })
      return memberOf.map((group) => ({ member, group: uidText(groupOf(name, group)) }))
    }),
  )
  return Map.groupBy(memberships, ({ group }) => group)
}

const actionType = (namespace: string): string => (namespace === '' ? 'Action' : `${namespace}::Action`)

// A group whose type has no namespace is of the namespace that the action is in.
const groupOf = (namespace: string, { type, id }: { type?: string; id: string }): EntityUid => ({
  type: type?.includes('::') ? type : actionType(namespace),
  id,
})
