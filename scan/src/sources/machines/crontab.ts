import type { SeenInExport } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { SourceTools } from '../../source.ts'
import { settingReaches, settingTraits } from '../settings.ts'
import { linesOf } from './lines.ts'

/** What a clock starts: each job of a crontab(5), with the settings before it; the table of a system names a user as well. */
export const crontab = (file: ScannedFile, tools: SourceTools): SeenInExport[] => {
  const isOfSystem = /(?:^|\/)etc\/(?:crontab$|cron\.d\/)/.test(file.repositoryPath)
  const owner = /(?:^|\/)(?:spool\/cron|crontabs)\/(?:crontabs\/)?([\w.-]{1,60})$/.exec(file.repositoryPath)?.[1] ?? ''
  const settings: { name: string; value: string; line: number }[] = []
  return linesOf(file).flatMap(({ text, line }) => {
    if (text.startsWith('#')) return []
    const setting = settingIn(text)
    if (setting) {
      settings.push({ ...setting, line })
      return []
    }
    const words = text.split(/\s+/)
    const schedule = scheduleWords(words)
    if (schedule === undefined) return []
    const user = isOfSystem ? (words[schedule] ?? '') : owner
    const command = words.slice(schedule + (isOfSystem ? 1 : 0)).join(' ')
    if (command === '') return []
    const handed = settings.map((one) => ({ ...one, where: file.at(one.line) }))
    return [seenJob({ when: words.slice(0, schedule).join(' '), user, command, line }, handed, file, tools)]
  })
}

interface Job {
  readonly when: string
  readonly user: string
  readonly command: string
  readonly line: number
}

const seenJob = (
  { when, user, command, line }: Job,
  handed: readonly Parameters<typeof settingTraits>[0][],
  file: ScannedFile,
  tools: SourceTools,
): SeenInExport => {
  const program = command.split(' ')[0] ?? command
  const where = file.at(line)
  return {
    kind: 'script' as const,
    name: `job ${program}${user === '' ? '' : ` of ${user}`}`,
    key: `cron:${file.repository}:${file.repositoryPath}#${when} ${program}`,
    line,
    evidence: `started at ${when}${user === '' ? '' : ` as ${user}`}`,
    reaches: handed.flatMap(settingReaches),
    traits: [
      ...handed.flatMap((one) => settingTraits(one, tools)),
      ...(user === 'root' ? [{ trait: 'account:runs-as-root', detail: program, where }] : []),
      ...(runsFetchedCode(command) ? [{ trait: 'account:runs-fetched-code', detail: program, where }] : []),
    ],
  }
}

const settingIn = (text: string): { name: string; value: string } | undefined => {
  const equals = text.indexOf('=')
  const name = equals > 0 ? /^[A-Za-z_]\w{0,100}$/.exec(text.slice(0, equals).trimEnd())?.[0] : undefined
  if (name === undefined) return undefined
  const value = text.slice(equals + 1, equals + 2001).trim()
  return { name, value: value.replace(/^["']|["']$/g, '') }
}

// How many words say when: `@daily`, or five fields; none where nothing is started.
const scheduleWords = (words: readonly string[]): number | undefined => {
  const isNamed = words[0]?.startsWith('@') === true
  const count = isNamed ? 1 : 5
  const isSchedule = isNamed || words.slice(0, 5).every((word) => /^[\d*,/A-Za-z-]{1,60}$/.test(word))
  return isSchedule && words.length > count ? count : undefined
}

const runsFetchedCode = (command: string): boolean => {
  const pieces = command.split('|').map((piece) => piece.trim())
  return pieces.some((piece, at) => /^(?:ba|z|da)?sh\b/.test(piece) && /\b(?:curl|wget)\b/.test(pieces[at - 1] ?? ''))
}
