import { faultTable } from '../kit/fault.ts'

const policy = faultTable({
  resource_not_found: {
    kind: 'not_found',
    message: 'there is no such resource, or you may not know of it',
    fix: 'list the resources with `reeve resource list`, and name one of them by its name, uri or id',
  },
  resource_exists: {
    kind: 'conflict',
    message: 'a resource with this name or uri is registered already',
    fix: 'change that one, or choose another name and uri',
  },
  resource_uri: {
    kind: 'invalid',
    message: 'the uri cannot name a resource',
    fix: 'give an absolute uri in its plain form, without query, fragment or credentials',
  },
  resource_action: {
    kind: 'invalid',
    message: 'the resource cannot have this action',
    fix: 'give each action once, under a name that is no operation of the server and does not begin with `access:`',
  },
  resource_detail_type: {
    kind: 'invalid',
    message: 'a type of authorization details cannot be as it is given',
    fix: 'name each type once, and no field as what every detail has: type, actions, locations, datatypes, identifier, privileges',
  },
  application_not_found: {
    kind: 'not_found',
    message: 'there is no such application, or you may not know of it',
    fix: 'list the applications with `reeve application list`',
  },
  application_invalid: {
    kind: 'invalid',
    message: 'the application cannot be declared so',
    fix: 'correct what the message names in its file',
  },
  bundle_not_found: {
    kind: 'not_found',
    message: 'there is no such bundle, or you may not know of it',
    fix: 'list the bundles with `reeve bundle list`',
  },
  bundle_exists: {
    kind: 'conflict',
    message: 'a bundle with this name exists already',
    fix: 'change that one, or choose another name',
  },
  grant_not_found: {
    kind: 'not_found',
    message: 'there is no such grant, or you may not know of it',
    fix: 'list the grants of the identity with `reeve grant list`',
  },
  grant_exists: {
    kind: 'conflict',
    message: 'the identity holds a live grant of this name',
    fix: 'revoke that one first, or give this one another name',
  },
  grant_ended: {
    kind: 'conflict',
    message: 'the grant has ended already',
    fix: 'nothing is left to revoke',
  },
  grant_terms: {
    kind: 'invalid',
    message: 'the grant cannot be given on these terms',
    fix: 'correct what the message names; a grant lists actions of a resource, or a bundle, and proper conditions',
  },
  grant_expiry: {
    kind: 'invalid',
    message: 'a grant must end in the future and within a year',
    fix: 'give an expiresAt at most 366 days from now',
  },
  grant_exceeds_parent: {
    kind: 'denied',
    message: 'a child identity may not be granted what its parent does not hold',
    fix: 'grant it to the parent first, under the same conditions or wider ones, or give the child less',
  },
  grant_identity: {
    kind: 'not_found',
    message: 'there is no such identity, or you may not know of it',
    fix: 'list the identities with `reeve identity list`',
  },
  owner_not_found: {
    kind: 'not_found',
    message: 'there is no such team, or you may not know of it',
    fix: 'list the teams with `reeve team list`',
  },
  environment_isolated: {
    kind: 'denied',
    message: 'the identity and the resource belong to different environments',
    fix: 'use an identity of that environment, or ask for an expiring exception of kind environment-isolation',
  },
  policy_invalid: {
    kind: 'invalid',
    message: 'the policy set is not valid, and nothing of it was stored',
    fix: 'correct the policies that `errors` names by file and line',
  },
  policy_not_found: {
    kind: 'not_found',
    message: 'there is no such policy',
    fix: 'list the policies with `reeve set list`',
  },
  mode_never: {
    kind: 'denied',
    message: 'a guardrail can never be report-only',
    fix: 'change the guardrail itself, or ask for an expiring exception',
  },
  mode_expiry: {
    kind: 'invalid',
    message: 'report-only must end in the future and within 90 days',
    fix: 'give an expiresAt at most 90 days from now',
  },
  mode_not_found: {
    kind: 'not_found',
    message: 'this is not report-only',
    fix: 'list what is with `reeve mode list`',
  },
  decision_not_found: {
    kind: 'not_found',
    message: 'there is no such decision, or you may not know of it',
    fix: 'take the decision id from the refusal, the event or the log line',
  },
  decision_forgotten: {
    kind: 'not_found',
    message: 'the request that this decision was made on is no longer kept',
    fix: 'the event still says what was decided; only newer decisions can be replayed',
  },
  policy_locks_out: {
    kind: 'conflict',
    message: 'these policies would lock everybody out, and nothing was changed',
    fix: 'leave somebody to whom the forbid does not speak, such as `unless { principal == Reeve::Person::"per_…" }`',
  },
  apply_owned: {
    kind: 'conflict',
    message: 'another directory declares this',
    fix: 'declare it in one directory alone: take it out of the other one and apply that first',
  },
  fragment_scope: {
    kind: 'denied',
    message: 'a fragment may declare only what the directory that lists it allows',
    fix: 'correct the places, or have the scope changed in the `fragments` of the main directory and apply that first',
  },
  apply_in_use: {
    kind: 'conflict',
    message: 'what the directory no longer declares is still used by others',
    fix: 'end what `errors` or the message names first, or go on declaring it',
  },
  plan_not_found: {
    kind: 'not_found',
    message: 'there is no such plan, or it has expired',
    fix: 'make a new one with `reeve plan DIRECTORY`; a plan is kept for 7 days',
  },
  tighten_one: {
    kind: 'invalid',
    message: 'either an identity or a bundle is looked at',
    fix: 'name one of both: `identity` or `bundle`',
  },
  plan_stale: {
    kind: 'conflict',
    message: 'what the plan was made on has changed, and nothing was applied',
    fix: 'look at what `errors` names, and make a new plan with `reeve plan DIRECTORY`',
  },
  apply_tests: {
    kind: 'invalid',
    message: 'tests of the directory fail, and nothing was applied',
    fix: 'correct the directory or the tests that `errors` names; `reeve test DIRECTORY` shows each of them',
  },
  apply_untested: {
    kind: 'invalid',
    message: 'the directory had tests when it was last applied, and has none now; nothing was applied',
    fix: 'see whether its `tests/` was renamed or removed; if it is meant, apply it with `--without-tests` (`withoutTests`)',
  },
  apply_name: {
    kind: 'invalid',
    message: 'the directory names something twice, or something that is not there',
    fix: 'correct the objects that `errors` names',
  },
})

/** The faults of this room. */
export const policyFaults = policy.table
/** Makes a fault of this room. */
export const policyFault = policy.fault
