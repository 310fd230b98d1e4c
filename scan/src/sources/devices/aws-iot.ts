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
  const validity = record.child('validity')
  return {
    kind: 'device',
    name: `device certificate ${id}`,
    key: `aws:${arn}`,
    line: record.line,
    evidence: `certificate of AWS IoT, ${status.toLowerCase()}`,
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

/** Exports of AWS IoT: things, their certificates, and the policies that these have. */
export const IOT_FORMS: readonly Form[] = [thing, certificate, policy]
