import type { SeenInExport } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { Problem } from '../../report.ts'
import type { SourceTools } from '../../source.ts'
import { argumentSettings, shellWords } from '../argument-settings.ts'
import { type ProgramSetting, settingReaches, settingTraits } from '../settings.ts'
import { programOf } from './command.ts'
import { linesOf } from './lines.ts'

/** What a clock starts: each job of a crontab(5), with the settings before it, and the lines that are none. */
export const crontab = (file: ScannedFile, tools: SourceTools): { seen: SeenInExport[]; problems: Problem[] } => {
  const isOfSystem = /(?:^|\/)etc\/(?:crontab$|cron\.d\/)/.test(file.repositoryPath)
  const owner = /(?:^|\/)(?:spool\/cron|crontabs)\/(?:crontabs\/)?([\w.-]{1,60})$/.exec(file.repositoryPath)?.[1] ?? ''
  return jobsOf(file, tools, (text) => {
    const words = text.split(/\s+/)
    const count = scheduleWords(words)
    if (count === undefined) return undefined
    return {
      schedule: words.slice(0, count).join(' '),
      user: isOfSystem ? (words[count] ?? '') : owner,
      command: words.slice(count + (isOfSystem ? 1 : 0)).join(' '),
    }
  })
}

/** What anacron starts, anacrontab(5): a period, a delay and a name stand before the command, and all of it is root's. */
export const anacrontab = (file: ScannedFile, tools: SourceTools): { seen: SeenInExport[]; problems: Problem[] } =>
  jobsOf(file, tools, (text) => {
    const [period = '', delay = '', , ...command] = text.split(/\s+/)
    if (!/^(?:@[a-z]{1,20}|\d{1,6})$/.test(period) || !/^\d{1,6}$/.test(delay)) return undefined
    return { schedule: period, user: 'root', command: command.join(' ') }
  })

interface Job {
  readonly schedule: string
  readonly user: string
  readonly command: string
}

const jobsOf = (
  file: ScannedFile,
  tools: SourceTools,
  jobIn: (text: string) => Job | undefined,
): { seen: SeenInExport[]; problems: Problem[] } => {
  const keys = new Map<string, number>()
  const settings: ProgramSetting[] = []
  const seen: SeenInExport[] = []
  const bad: number[] = []
  for (const { text, line } of linesOf(file)) {
    if (text.startsWith('#')) continue
    const setting = settingIn(text)
    const job = setting ? undefined : jobIn(text)
    if (setting) settings.push({ ...setting, where: file.at(line) })
    else if (job?.command) seen.push(seenJob(job, file, line, { settings, keys, tools }))
    else bad.push(line)
  }
  const [first] = bad
  const detail = `lines that are no job: ${bad.length}`
  return { seen, problems: first === undefined ? [] : [{ path: file.path, reason: 'bad-line', detail, line: first }] }
}

const seenJob = (
  { schedule, user, command }: Job,
  file: ScannedFile,
  line: number,
  { settings, keys, tools }: { settings: readonly ProgramSetting[]; keys: Map<string, number>; tools: SourceTools },
): SeenInExport => {
  const program = programOf(command)
  const where = file.at(line)
  const key = `cron:${file.repository}:${file.repositoryPath}#${schedule} ${program}`
  const count = (keys.get(key) ?? 0) + 1
  keys.set(key, count)
  return {
    kind: 'script',
    name: `job ${program}${user === '' ? '' : ` of ${user}`}`,
    // Two jobs that start one program at one time are two.
    key: count === 1 ? key : `${key} (${count})`,
    line,
    evidence: `started at ${schedule}${user === '' ? '' : ` as ${user}`}`,
    reaches: settings.flatMap(settingReaches),
    traits: [
      ...[...settings, ...argumentSettings(shellWords(command), where)].flatMap((one) => settingTraits(one, tools)),
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

// How many words say when: `@daily`, or five fields, where `~` is any time between two; none where nothing is started.
const scheduleWords = (words: readonly string[]): number | undefined => {
  const isNamed = words[0]?.startsWith('@') === true
  const count = isNamed ? 1 : 5
  const isSchedule = isNamed || words.slice(0, 5).every((word) => /^[\d*,/A-Za-z~?#-]{1,60}$/.test(word))
  return isSchedule && words.length > count ? count : undefined
}

const runsFetchedCode = (command: string): boolean => {
  const pieces = command.split('|').map((piece) => piece.trim())
  return pieces.some((piece, at) => /^(?:ba|z|da)?sh\b/.test(piece) && /\b(?:curl|wget)\b/.test(pieces[at - 1] ?? ''))
}
