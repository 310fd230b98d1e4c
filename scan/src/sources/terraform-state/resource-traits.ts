import { takesPullRequests } from '../../exports/subject.ts'
import { type JsonObject, objectsOf, textOf } from '../../json-value.ts'
import { subjectTrait } from '../azure/subject-trait.ts'
import type { StateResource } from './read-state.ts'

/** A fact about a resource that a rule judges, by name. */
export interface ResourceFact {
  readonly trait: string
  readonly detail: string
}

/** What a resource says of itself that may be wrong. */
export const factsOf = ({ type, attributes, address }: StateResource): ResourceFact[] =>
  (FACTS.get(type) ?? []).flatMap((fact) => {
    const detail = fact.detail(attributes)
    return detail === undefined ? [] : [{ trait: fact.trait, detail: detail === '' ? address : detail }]
  })

interface FactForm {
  readonly trait: string
  /** Nothing where the fact does not hold; empty where the address says enough. */
  detail(attributes: JsonObject): string | undefined
}

const whenTrue = (trait: string, attribute: string): FactForm => ({
  trait,
  detail: (from) => (isYes(from[attribute]) ? '' : undefined),
})
const endOfToken = (attribute: string): FactForm => ({
  trait: 'terraform:token-end',
  detail: (from) => textOf(from, attribute).slice(0, 10) || 'never',
})
const webhook: readonly FactForm[] = [
  {
    trait: 'webhook:unsigned',
    detail: ({ configuration }) =>
      objectsOf(configuration).some((one) => textOf(one, 'secret') === '') ? '' : undefined,
  },
  {
    trait: 'webhook:unchecked-tls',
    detail: ({ configuration }) => (objectsOf(configuration).some((one) => isYes(one.insecure_ssl)) ? '' : undefined),
  },
]
const poolProvider: FactForm = {
  trait: 'terraform:pool-open',
  // An issuer of many owners, and nothing that says which of them is meant.
  detail: (from) =>
    textOf(from, 'attribute_condition') === ''
      ? objectsOf(from.oidc).map((oidc) => textOf(oidc, 'issuer_uri'))[0] || undefined
      : undefined,
}

const poolOfPullRequests: FactForm = {
  trait: 'federation:pull-requests',
  detail: (from) => {
    const condition = textOf(from, 'attribute_condition')
    return takesPullRequests(condition) ? `tokens where ${condition.slice(0, 200)}` : undefined
  },
}

const federatedCredential: readonly FactForm[] = [
  'federation:open',
  'federation:wildcard',
  'federation:pull-requests',
].map((trait) => ({
  trait,
  detail: (from) => {
    const subject = textOf(from, 'subject') || textOf(from, 'claims_matching_expression')
    // Code may leave it, or a part of it, to a variable: a `?` in there asks, and stands for nothing.
    const known = subject.replace(/\$\{[^{}]{0,500}\}/g, 'x')
    if (subject === '' || subjectTrait(known) !== trait) return undefined
    return `tokens of ${textOf(from, 'issuer') || 'an issuer'} for ${subject.slice(0, 200)}`
  },
}))

// Older states write truths as texts.
const isYes = (value: unknown): boolean => value === true || value === 'true' || value === '1'

const FACTS: ReadonlyMap<string, readonly FactForm[]> = new Map([
  ['github_repository_webhook', webhook],
  ['github_organization_webhook', webhook],
  [
    'github_repository_deploy_key',
    [
      {
        trait: 'account:deploy-key-writes',
        detail: (from: JsonObject) => (from.read_only === false || from.read_only === 'false' ? '' : undefined),
      },
    ],
  ],
  ['gitlab_deploy_key', [whenTrue('account:deploy-key-writes', 'can_push')]],
  ['gitlab_project_access_token', [endOfToken('expires_at')]],
  ['gitlab_group_access_token', [endOfToken('expires_at')]],
  ['gitlab_deploy_token', [endOfToken('expires_at')]],
  ['azuread_application_password', [endOfToken('end_date')]],
  ['azuread_service_principal_password', [endOfToken('end_date')]],
  ['azuread_application_federated_identity_credential', federatedCredential],
  ['azuread_application_flexible_federated_identity_credential', federatedCredential],
  ['azurerm_federated_identity_credential', federatedCredential],
  ['google_iam_workload_identity_pool_provider', [poolProvider, poolOfPullRequests]],
  [
    'google_service_account_key',
    [{ trait: 'terraform:static-key', detail: (from: JsonObject) => textOf(from, 'valid_after').slice(0, 10) }],
  ],
  ['postgresql_role', [whenTrue('superuser', 'superuser')]],
])
