import { credentialTrait } from '../../exports/credential-fact.ts'
import type { SeenInExport } from '../../exports/seen.ts'
import { sshFingerprint } from '../../exports/ssh-key.ts'
import { sshWeakness, WEAK_KEY } from '../../exports/weak-key.ts'
import type { ScannedFile } from '../../file.ts'
import type { Problem, Reach, Trait } from '../../report.ts'
import { linesOf } from './lines.ts'

/** Whom a machine lets in by key: each line of an `authorized_keys` file, sshd(8), and the lines that are no key. */
export const authorizedKeys = (file: ScannedFile, now: Date): { seen: SeenInExport[]; problems: Problem[] } => {
  const user = userOf(file.repositoryPath)
  const lines = linesOf(file).filter(({ text }) => !text.startsWith('#'))
  const seen = lines.flatMap(({ text, line }): SeenInExport[] => {
    const parsed = parse(text)
    return parsed ? [seenKey(parsed, file, line, user, now)] : []
  })
  const broken = lines.length - seen.length
  const detail = `lines that are no key: ${broken}`
  return { seen, problems: broken === 0 ? [] : [{ path: file.path, reason: 'bad-line', detail }] }
}

const seenKey = (key: KeyLine, file: ScannedFile, line: number, user: string, now: Date): SeenInExport => {
  const { options, fingerprint, comment } = key
  const ends = endOf(options)
  const reach: Reach = {
    what: `account ${user} of a machine`,
    access: user === 'root' ? 'admin' : 'unknown',
    because: 'authorized key',
  }
  // sshd refuses the key from then on.
  const isOver = ends !== 'never' && ends !== '' && Date.parse(ends) < now.getTime()
  const isAuthority = isAuthorityOf(options)
  const told = options.length === 0 ? '' : `, with ${options.map((option) => option.split('=')[0]).join(',')}`
  return {
    kind: 'account',
    name: `SSH ${isAuthority ? 'certificate authority' : 'key'} ${comment || fingerprint}`,
    key: `ssh-key:${fingerprint}`,
    line,
    evidence: `${isAuthority ? 'signs keys that sign in' : 'signs in'} as ${user}${told}${isOver ? ', ended' : ''}`,
    reaches: isOver ? [] : [reach],
    traits: isOver ? [] : keyTraits(key, file, line, user),
  }
}

// It signs in itself with none of its own: every certificate that it signs does.
const isAuthorityOf = (options: readonly string[]): boolean =>
  options.some((option) => /^cert-authority$/i.test(option))

const keyTraits = (
  { options, weakness, fingerprint, comment }: KeyLine,
  file: ScannedFile,
  line: number,
  user: string,
): Trait[] => {
  const label = comment.slice(0, 100) || fingerprint
  const where = file.at(line)
  const isNarrow = options.some((option) => /^(?:from|command)=/i.test(option))
  const who = isAuthorityOf(options) ? `whoever has a certificate of ${label}` : label
  const facts: readonly (readonly [boolean, string, string])[] = [
    [!isNarrow, 'credential:unrestricted', `${who} may run anything, from anywhere`],
    [user === 'root', 'account:superuser', `${who} signs in as root`],
    [weakness !== undefined, WEAK_KEY, `SSH key ${label}: ${weakness}`],
  ]
  return [
    credentialTrait({ name: `SSH key ${label}`, madeOn: '', usedOn: '', endsOn: endOf(options) }, where),
    ...facts.flatMap(([isSo, trait, detail]) => (isSo ? [{ trait, detail, where }] : [])),
  ]
}

// `/etc/ssh/authorized_keys/NAME` is where machines with many users have them.
const userOf = (path: string): string =>
  /(?:^|\/)([\w.-]{1,60})\/\.ssh\/[^/]{1,100}$/.exec(path)?.[1] ??
  /(?:^|\/)authorized_keys(?:\.d)?\/([\w.-]{1,60})$/.exec(path)?.[1] ??
  'an account'

interface KeyLine {
  readonly options: readonly string[]
  readonly weakness: string | undefined
  readonly fingerprint: string
  readonly comment: string
}

// Options are cut at commas, and end at a blank, neither of which counts in quotes.
const parse = (text: string): KeyLine | undefined => {
  const options: string[] = []
  let rest = text
  if (!KEY_TYPE.test(text)) {
    let isQuoted = false
    let start = 0
    let at = 0
    for (; at < text.length && (isQuoted || !/\s/.test(text[at] ?? '')); at += 1) {
      if (text[at] === '\\' && text[at + 1] === '"') at += 1
      else if (text[at] === '"') isQuoted = !isQuoted
      else if (text[at] === ',' && !isQuoted) {
        options.push(text.slice(start, at))
        start = at + 1
      }
    }
    options.push(text.slice(start, at))
    rest = text.slice(at).trim()
  }
  const [type = '', body = '', ...comment] = rest.split(/\s+/)
  const key = `${type} ${body}`
  const fingerprint = sshFingerprint(key)
  return fingerprint === undefined
    ? undefined
    : { options, weakness: sshWeakness(key), fingerprint, comment: comment.join(' ') }
}

const KEY_TYPE = /^(?:ssh|ecdsa|sk)-[\w.@-]{1,60}\s/

// `expiry-time="YYYYMMDD[HHMM[SS]][Z]"`; one that cannot be read is not known to end.
const endOf = (options: readonly string[]): string => {
  const option = options.find((one) => /^expiry-time=/i.test(one))
  if (option === undefined) return 'never'
  const [, year, month, day] = /^[^=]{1,20}="?(\d{4})(\d\d)(\d\d)(?:\d{4}|\d{6})?Z?"?$/.exec(option) ?? []
  const text = `${year}-${month}-${day}`
  return year !== undefined && !Number.isNaN(Date.parse(text)) ? text : ''
}
