import { isObject, objectsOf, textOf } from '../../json-value.ts'
import type { CredentialType } from '../../report.ts'
import { judgeAssignment, secretTypeOf } from '../secrets/assignment.ts'
import { SECRET_ATTRIBUTES } from './identity-types.ts'
import type { StateOutput, StateResource } from './read-state.ts'

/** A secret in the clear, and where in its resource it lies. */
export interface StateSecret {
  readonly attribute: string
  readonly value: string
  readonly type: CredentialType
}

/** The secrets that a resource holds: those that its type always has, that Terraform marks, and that names give away. */
export const secretsOfResource = (resource: StateResource): StateSecret[] => {
  const { attributes, sensitive, type } = resource
  const always = new Map((SECRET_ATTRIBUTES.get(type) ?? []).map((secret) => [secret.attribute, secret.type]))
  const own = Object.entries(attributes).flatMap(([attribute, value]): StateSecret[] => {
    if (typeof value !== 'string' || value === '') return []
    const known = always.get(attribute)
    if (known) return [{ attribute, value, type: known }]
    const guessed = secretTypeOf(attribute)
    if (guessed && sensitive.has(attribute)) return [{ attribute, value, type: guessed }]
    const verdict = judgeAssignment(attribute, value, { isProgram: false })
    return verdict.is === 'nothing' ? [] : [{ attribute, value, type: verdict.type }]
  })
  return [...own, ...keptData(resource), ...webhookSecrets(resource), ...parameterValue(resource)].slice(0, SECRETS_MAX)
}

/** The outputs that are secrets, by their mark and their name. */
export const secretsOfOutputs = (outputs: readonly StateOutput[]): StateSecret[] =>
  outputs.flatMap(({ name, value, isSensitive }): StateSecret[] => {
    const verdict = judgeAssignment(name, value, { isProgram: false })
    const type = verdict.is === 'nothing' ? (isSensitive ? secretTypeOf(name) : undefined) : verdict.type
    return type ? [{ attribute: `output ${name}`, value, type }] : []
  })

const SECRETS_MAX = 100

// Whatever lies in a Kubernetes secret is one.
const keptData = ({ type, attributes: { data } }: StateResource): StateSecret[] =>
  /^kubernetes_secret(?:_v1)?$/.test(type) && isObject(data)
    ? Object.entries(data).flatMap(([name, value]) =>
        typeof value === 'string' && value.length >= 6
          ? [{ attribute: `data.${name}`, value, type: 'api-key' as const }]
          : [],
      )
    : []

const webhookSecrets = ({ type, attributes }: StateResource): StateSecret[] =>
  type.endsWith('_webhook')
    ? objectsOf(attributes.configuration).flatMap((one) => {
        const value = textOf(one, 'secret')
        return value === '' ? [] : [{ attribute: 'configuration.secret', value, type: 'webhook-secret' as const }]
      })
    : []

const parameterValue = ({ type, attributes }: StateResource): StateSecret[] => {
  const value = textOf(attributes, 'value')
  return type === 'aws_ssm_parameter' && textOf(attributes, 'type') === 'SecureString' && value !== ''
    ? [{ attribute: 'value', value, type: 'api-key' }]
    : []
}
