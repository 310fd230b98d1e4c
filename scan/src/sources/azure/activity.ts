import { credentialTrait, dayIn } from '../../exports/credential-fact.ts'
import type { ExportRecord } from '../../exports/records.ts'
import type { ScannedFile } from '../../file.ts'
import type { Fact } from '../../source.ts'
import { guidOf } from './guid.ts'
import { clientOf, type Estate, keyOf } from './principals.ts'

/** When a principal, or one of its credentials, last signed in, as the reports of Entra have it. */
export const activityFact = (record: ExportRecord, file: ScannedFile): Fact | undefined => {
  const where = file.at(record.line)
  const usedOn = dayIn(record.child('signInActivity').text('lastSignInDateTime'))
  const keyId = guidOf(record.text('keyId'))
  if (keyId !== '' && usedOn !== '') return { type: 'credential-use', where, fields: { keyId, usedOn } }
  const client = record.text('appId')
  const day = dayIn(record.child('lastSignInActivity').text('lastSignInDateTime'))
  return client === '' || day === '' ? undefined : { type: 'use', where, fields: { key: keyOf(client), day } }
}

/** What a credential of an object is, in words and days; the reports know it by its id alone. */
export const credentialFacts = (record: ExportRecord, file: ScannedFile): Fact[] => {
  const client = clientOf(record)
  if (client === '' || record.text('servicePrincipalType') === 'ManagedIdentity') return []
  return LISTS.flatMap((list) =>
    record.children(list).map((one) => ({
      type: 'credential',
      where: file.at(one.line),
      fields: { keyId: guidOf(one.text('keyId')), key: keyOf(client), ...credentialOf(record, list, one) },
    })),
  )
}

/** Every credential of an object, as traits. */
export const credentialsOf = (record: ExportRecord, file: ScannedFile) =>
  LISTS.flatMap((list) =>
    record
      .children(list)
      .map((one) => credentialTrait({ ...credentialOf(record, list, one), usedOn: '' }, file.at(one.line))),
  )

const LISTS = ['passwordCredentials', 'keyCredentials'] as const

const credentialOf = (of: ExportRecord, list: (typeof LISTS)[number], one: ExportRecord) => ({
  name: `${list === 'keyCredentials' ? 'certificate' : 'secret'} ${one.text('displayName', 'hint') || one.text('keyId').slice(0, 8)} of ${of.text('displayName')}`.slice(
    0,
    160,
  ),
  madeOn: dayIn(one.text('startDateTime', 'startDate')),
  endsOn: dayIn(one.text('endDateTime', 'endDate')) || 'never',
})

/** Says of principals and credentials when they last signed in. Of what no report names nothing is known. */
export const addActivity = (estate: Estate, facts: readonly Fact[]): void => {
  for (const { type, fields, where } of facts) {
    const { key = '', day = '' } = fields
    const seen = type === 'use' ? estate.seen(key) : undefined
    if (seen === undefined) continue
    estate.change({
      ...seen,
      evidence: [...seen.evidence, `last signed in ${day}`],
      traits: [...seen.traits, { trait: 'account:last-used', detail: day, where }],
    })
  }
  const usedOn = latestUses(facts)
  for (const { type, fields, where } of facts) {
    const used = type === 'credential' ? usedOn.get(fields.keyId ?? '') : undefined
    const seen = used === undefined ? undefined : estate.seen(fields.key ?? '')
    if (seen === undefined || used === undefined) continue
    const { name = '', madeOn = '', endsOn = '' } = fields
    const before = credentialTrait({ name, madeOn, endsOn, usedOn: '' }, where).detail
    const after = credentialTrait({ name, madeOn, endsOn, usedOn: used }, where).detail
    const traits = seen.traits.map((trait) => (trait.detail === before ? { ...trait, detail: after } : trait))
    estate.change({ ...seen, traits })
  }
}

// A credential is reported once for each API that it was used for.
const latestUses = (facts: readonly Fact[]): ReadonlyMap<string, string> => {
  const latest = new Map<string, string>()
  for (const { type, fields } of facts) {
    const { keyId = '', usedOn = '' } = fields
    if (type === 'credential-use' && usedOn > (latest.get(keyId) ?? '')) latest.set(keyId, usedOn)
  }
  return latest
}
