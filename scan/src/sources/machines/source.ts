import { type SeenInExport, seenIn } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { Source, SourceTools } from '../../source.ts'
import { authorizedKeys } from './authorized-keys.ts'
import { crontab } from './crontab.ts'
import { ldifEntries } from './ldif.ts'
import { systemdUnit } from './systemd.ts'

/** Machines of one's own: keys that sign in, jobs of clocks, services, and the programs' accounts of a directory. */
export const machinesSource: Source = {
  name: 'machines',
  wants: (file) => formOf(file) !== undefined,
  read: (file, tools) => ({
    sightings: (formOf(file)?.(file, tools) ?? []).map((one) => seenIn(file, one)),
    problems: [],
  }),
}

type FileForm = (file: ScannedFile, tools: SourceTools) => SeenInExport[]

const formOf = (file: ScannedFile): FileForm | undefined => {
  const { baseName, extension, repositoryPath } = file
  if (/^authorized_keys2?$/.test(baseName) || extension === 'authorized_keys') return authorizedKeys
  if (extension === 'ldif' || extension === 'ldf') return (one, { now }) => ldifEntries(one, now)
  if (extension === 'service') return systemdUnit
  if (
    baseName === 'crontab' ||
    extension === 'crontab' ||
    extension === 'cron' ||
    /(?:^|\/)(?:etc\/cron\.d|spool\/cron|crontabs)\//.test(repositoryPath)
  )
    return crontab
  return undefined
}
