import { credentialTrait, dayIn } from '../../exports/credential-fact.ts'
import type { ExportRecord } from '../../exports/records.ts'
import type { SeenInExport } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import { account, EMAIL, keyName } from './account.ts'

/**
 * When an account or a key was last used, as Policy Analyzer tells of activities (`serviceAccountLastAuthentication`,
 * `serviceAccountKeyLastAuthentication`): one without a time did nothing while it was looked at.
 */
export const activity = (record: ExportRecord, file: ScannedFile): readonly SeenInExport[] | undefined => {
  const of = /^serviceAccount(Key)?LastAuthentication$/.exec(record.text('activityType'))
  if (!of) return undefined
  const usedOn = dayIn(record.child('activity').text('lastAuthenticatedTime'))
  const since = dayIn(record.child('observationPeriod').text('startTime'))
  const name = record.text('fullResourceName')
  const [, email = '', key] = /\/serviceAccounts\/([^/]{3,200})(?:\/keys\/(\w{1,64}))?$/.exec(name) ?? []
  if (!EMAIL.test(email) || (of[1] !== undefined && key === undefined)) return undefined
  return key === undefined
    ? accountUse(record, file, email, usedOn, since)
    : keyUse(record, file, email, key, usedOn, since)
}

/** An account that Recommender holds for unused (`google.iam.serviceAccount.Insight`), by the time of its last use. */
export const insight = (record: ExportRecord, file: ScannedFile): readonly SeenInExport[] | undefined => {
  const content = record.child('content')
  const email = content.text('email')
  const isUse = /\/insightTypes\/google\.iam\.serviceAccount\.Insight\//.test(record.text('name'))
  if (!isUse || !EMAIL.test(email)) return undefined
  const seconds = /^(\d{1,9})(?:\.\d{1,9})?s$/.exec(record.text('observationPeriod'))?.[1]
  const until = Date.parse(record.text('lastRefreshTime'))
  const since =
    seconds === undefined || Number.isNaN(until)
      ? ''
      : new Date(until - Number(seconds) * 1000).toISOString().slice(0, 10)
  return accountUse(record, file, email, dayIn(content.text('lastAuthenticatedTime')), since)
}

const accountUse = (
  { line }: ExportRecord,
  file: ScannedFile,
  email: string,
  usedOn: string,
  since: string,
): readonly SeenInExport[] => {
  const [trait, detail] = usedOn === '' ? ['account:unused-since', since] : ['account:last-used', usedOn]
  const words = usedOn === '' ? `no use of it seen since ${since || 'an unknown day'}` : `last used ${usedOn}`
  return [{ ...account(email, line, words), traits: detail === '' ? [] : [{ trait, detail, where: file.at(line) }] }]
}

const keyUse = (
  { line }: ExportRecord,
  file: ScannedFile,
  email: string,
  id: string,
  usedOn: string,
  since: string,
): readonly SeenInExport[] => {
  const name = keyName(id, email)
  const words = usedOn === '' ? `no use seen since ${since || 'an unknown day'}` : `last used ${usedOn}`
  // Whoever knows when it was made knows whether that is never.
  const fact = { name, madeOn: '', usedOn: usedOn || since, endsOn: '' }
  return [{ ...account(email, line, `${name}: ${words}`), traits: [credentialTrait(fact, file.at(line))] }]
}
