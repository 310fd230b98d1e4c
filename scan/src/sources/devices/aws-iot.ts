import { readPolicy, type Statement } from '../../aws/policy.ts'
import { type Form, listedCredential, traitsOf } from '../../exports/export-source.ts'

const thing: Form = (record) => {
  const arn = record.text('thingArn')
  if (arn === '') return undefined
  return {
    kind: 'device',
    name: `device ${record.text('thingName')}`,
    key: `aws:${arn}`,
    line: record.line,
    evidence: `thing of AWS IoT${record.text('thingTypeName') === '' ? '' : ` of type ${record.text('thingTypeName')}`}`,
    owner: { value: record.child('attributes').text('owner', 'team'), because: 'an attribute' },
  }
}

const certificate: Form = (record, file) => {
  const arn = record.text('certificateArn')
  if (arn === '' || !record.has('status')) return undefined
  const id = record.text('certificateId').slice(0, 12)
  const status = record.text('status')
  const isAuthority = arn.includes(':cacert/')
  const isOpen = record.text('autoRegistrationStatus') === 'ENABLE'
  const validity = record.child('validity')
  return {
    kind: 'device',
    name: `${isAuthority ? 'certificate authority of devices' : 'device certificate'} ${id}`,
    key: `aws:${arn}`,
    line: record.line,
    evidence: `certificate of AWS IoT, ${status.toLowerCase()}${isOpen ? ', and whoever has one of it is registered at first sight' : ''}`,
    traits:
      status === 'ACTIVE'
        ? [
            validity.has('notAfter')
              ? listedCredential(validity, file, `certificate ${id}`, { made: 'notBefore', ends: 'notAfter' })
              : listedCredential(record, file, `certificate ${id}`, { made: 'creationDate' }),
          ]
        : [],
  }
}

const policy: Form = (record, file) => {
  const arn = record.text('policyArn')
  if (!/^arn:[\w-]{1,20}:iot:/.test(arn) || !record.has('policyDocument')) return undefined
  const wide = (readPolicy(record.text('policyDocument')) ?? []).filter(isWide)
  const name = record.text('policyName')
  return {
    kind: 'device',
    name: `devices with policy ${name}`,
    key: `aws:${arn}`,
    line: record.line,
    evidence: `policy of AWS IoT ${name}`,
    traits: traitsOf(record, file, [
      [wide.length > 0, 'account:broad-role', `policy ${name}: every device that has it is every other`],
    ]),
  }
}

const isWide = ({ effect, actions, resources, conditions }: Statement): boolean =>
  effect === 'Allow' &&
  conditions.length === 0 &&
  actions.some((action) => /^(?:\*|iot:\*|iot:publish|iot:connect)$/i.test(action)) &&
  resources.includes('*')

// What devices exchange their certificate for: a session of a role, without a key of it.
const roleAlias: Form = (record) => {
  const [arn, role] = [record.text('roleAliasArn'), record.text('roleArn')]
  if (arn === '' || role === '') return undefined
  const seconds = record.text('credentialDurationSeconds')
  return {
    kind: 'device',
    name: `devices with role alias ${record.text('roleAlias')}`,
    key: `aws:${arn}`,
    line: record.line,
    evidence: `role alias of AWS IoT${seconds === '' ? '' : `, for ${seconds} seconds`}`,
    reaches: [{ what: `aws ${role}`, access: 'unknown', because: 'role alias' }],
  }
}

/** Exports of AWS IoT: things, their certificates, the policies that these have, and the roles that they become. */
export const IOT_FORMS: readonly Form[] = [thing, certificate, policy, roleAlias]
