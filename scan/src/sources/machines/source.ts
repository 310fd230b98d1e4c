import { type SeenInExport, seenIn } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { Problem } from '../../report.ts'
import type { Fact, Source, SourceTools } from '../../source.ts'
import { authorizedKeys } from './authorized-keys.ts'
import { anacrontab, crontab } from './crontab.ts'
import { relateDirectory } from './directory-groups.ts'
import { ldifEntries } from './ldif.ts'
import { mayHoldKeys, weakPublicKeys } from './public-keys.ts'
import { relateUnits, systemdDropIn, systemdUnit } from './systemd.ts'

/** Machines of one's own: keys that sign in, keys and certificates that are weak, jobs of clocks, services, and the programs' accounts of a directory. */
export const machinesSource: Source = {
  name: 'machines',
  wants: (file) => formOf(file) !== undefined,
  read(file, tools) {
    const { seen, problems, facts } = formOf(file)?.(file, tools) ?? { seen: [], problems: [] }
    return { sightings: seen.map((one) => seenIn(file, one)), problems, ...(facts ? { facts } : {}) }
  },
  relate(sightings, facts) {
    const related = relateDirectory(sightings, facts)
    return { ...related, sightings: [...related.sightings, ...relateUnits(sightings, facts)] }
  },
}

interface Told {
  readonly seen: readonly SeenInExport[]
  readonly problems: readonly Problem[]
  readonly facts?: readonly Fact[]
}
type FileForm = (file: ScannedFile, tools: SourceTools) => Told

const wholly =
  (read: (file: ScannedFile, tools: SourceTools) => readonly SeenInExport[]): FileForm =>
  (file, tools) => ({ seen: read(file, tools), problems: [] })

const formOf = (file: ScannedFile): FileForm | undefined => {
  const { baseName, extension, repositoryPath } = file
  if (
    /^authorized_keys2?$/.test(baseName) ||
    extension === 'authorized_keys' ||
    /(?:^|\/)ssh\/authorized_keys(?:\.d)?\/[^/]{1,100}$/.test(repositoryPath)
  )
    return (one, { now }) => authorizedKeys(one, now)
  if (extension === 'ldif' || extension === 'ldf') return ldifEntries
  if (extension === 'service') return wholly(systemdUnit)
  if (/\.service\.d\/[^/]{1,200}\.conf$/.test(repositoryPath))
    return (one, tools) => ({ ...systemdDropIn(one, tools), problems: [] })
  if (baseName === 'anacrontab') return anacrontab
  if (
    baseName === 'crontab' ||
    extension === 'crontab' ||
    extension === 'cron' ||
    /(?:^|\/)(?:etc\/cron\.d|spool\/cron|crontabs)\//.test(repositoryPath)
  )
    return crontab
  return mayHoldKeys(file) ? (one, { now }) => ({ seen: weakPublicKeys(one, now), problems: [] }) : undefined
}
