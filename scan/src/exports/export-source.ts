import type { ScannedFile } from '../file.ts'
import type { Trait } from '../report.ts'
import type { Source, SourceTools } from '../source.ts'
import { type CredentialFact, credentialTrait, dayIn } from './credential-fact.ts'
import { type ExportRecord, problemsOf, recordsOf } from './records.ts'
import { isExportWith, type SeenInExport, seenIn } from './seen.ts'

/** Makes of one object of an export what it tells; nothing when it has another form. */
export type Form = (record: ExportRecord, file: ScannedFile, tools: SourceTools) => SeenInExport | undefined

/** A source whose files are JSON, each object of which tells for itself. */
export const exportSource = (name: string, words: readonly string[], forms: readonly Form[]): Source => ({
  name,
  wants: (file) => isExportWith(file, words),
  read(file, tools) {
    const records = recordsOf(file)
    const seen = records.all.flatMap((record) => forms.flatMap((form) => form(record, file, tools) ?? []))
    return { sightings: seen.map((one) => seenIn(file, one)), problems: problemsOf(file, records, seen.length) }
  },
})

/** A credential from the fields that tell of it; a field that is there and empty says `never`. */
export const listedCredential = (
  record: ExportRecord,
  file: ScannedFile,
  name: string,
  fields: { readonly made?: string; readonly used?: string; readonly ends?: string; readonly never?: boolean },
): Trait => {
  const day = (field: string | undefined): string =>
    field === undefined || !record.has(field) ? '' : dayIn(record.text(field)) || 'never'
  const made = day(fields.made)
  const fact: CredentialFact = {
    name,
    madeOn: made === 'never' ? '' : made,
    usedOn: day(fields.used),
    endsOn: fields.never ? 'never' : day(fields.ends),
  }
  return credentialTrait(fact, file.at(record.line))
}

/** Facts that hold, as traits. */
export const traitsOf = (
  record: ExportRecord,
  file: ScannedFile,
  facts: readonly (readonly [isSo: boolean, trait: string, detail: string])[],
): Trait[] => facts.flatMap(([isSo, trait, detail]) => (isSo ? [{ trait, detail, where: file.at(record.line) }] : []))
