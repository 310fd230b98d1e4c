import type { SeenInExport } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { Trait } from '../../report.ts'
import { linesOf } from '../machines/lines.ts'

/** Whom a Mosquitto broker knows: its password file and its access list, mosquitto.conf(5); one folder is one broker. */
export const mosquittoUsers = (file: ScannedFile): SeenInExport[] =>
  [...usersIn(file)].map(([name, user]) => seenUser(file, name, user))

interface MosquittoUser {
  readonly line: number
  readonly topics: string[]
  readonly hasPassword: boolean
}

const usersIn = (file: ScannedFile): ReadonlyMap<string, MosquittoUser> => {
  const users = new Map<string, MosquittoUser>()
  let current = ''
  for (const { text, line } of linesOf(file)) {
    const told = toldIn(text)
    if (!told) continue
    if (told.word === 'user') current = told.rest.join(' ')
    const name = told.name ?? (current || '(anybody)')
    const known = users.get(name) ?? { line, topics: [], hasPassword: false }
    if (told.topic !== undefined) known.topics.push(told.topic)
    users.set(name, { ...known, hasPassword: known.hasPassword || told.word === 'password' })
  }
  return users
}

interface Told {
  readonly word: string
  readonly rest: readonly string[]
  /** Whom the line is about, where that is not the user before it. */
  readonly name?: string
  readonly topic?: string
}

const toldIn = (text: string): Told | undefined => {
  const password = /^([^:\s#][^:\s]{0,199}):\$(?:[67]|argon2id)\$/.exec(text)?.[1]
  if (password !== undefined) return { word: 'password', rest: [], name: password }
  const [word = '', ...rest] = text.split(/\s+/)
  if (word === 'user') return { word, rest }
  if (word !== 'topic' && word !== 'pattern') return undefined
  const topic = rest.length > 1 ? rest.join(' ') : `readwrite ${rest[0] ?? ''}`
  // A pattern counts for everybody who signs in, a topic before the first user for those who do not.
  return { word, rest, topic, ...(word === 'pattern' ? { name: '(everybody who signs in)' } : {}) }
}

const seenUser = (file: ScannedFile, name: string, { line, topics }: MosquittoUser): SeenInExport => {
  const where = file.at(line)
  const trait = (is: string, detail: string): Trait => ({ trait: is, detail, where })
  const granted = topics.filter((topic) => !topic.startsWith('deny '))
  const wide = granted.filter((topic) => /^(?:readwrite|write) #$/.test(topic))
  return {
    kind: 'device' as const,
    name: `MQTT user ${name}`,
    key: `${brokerOf(file)}#${name}`,
    line,
    evidence: `${file.baseName}: ${granted.slice(0, 10).join(', ') || 'a password'}`,
    reaches: granted.slice(0, 50).map((topic) => ({
      what: `topic ${topic.replace(/^(?:readwrite|read|write) /, '')}`,
      access: topic.startsWith('read ') ? ('read' as const) : ('write' as const),
      because: 'access list',
    })),
    traits: [
      ...(wide.length > 0 ? [trait('account:broad-role', `${name} writes every topic`)] : []),
      ...(name === '(anybody)' ? openToAnybody(granted).map(([is, detail]) => trait(is, detail)) : []),
    ],
  }
}

// What the broker counts about itself lies below `$SYS`; no topic of a device does.
const STATISTICS = /^read \$SYS\//

const openToAnybody = (granted: readonly string[]): readonly (readonly [string, string])[] => {
  const others = granted.filter((topic) => !STATISTICS.test(topic))
  if (others.length > 0) return [['account:no-password', `anybody may ${others.slice(0, 3).join(', ')}`]]
  return granted.length > 0 ? [['account:statistics-for-all', `anybody may ${granted.slice(0, 3).join(', ')}`]] : []
}

/** A broker that lets anybody in says so in its settings. */
export const mosquittoSettings = (file: ScannedFile): SeenInExport[] =>
  linesOf(file).flatMap(({ text, line }) =>
    /^allow_anonymous\s{1,20}true$/i.test(text)
      ? [
          {
            kind: 'device' as const,
            name: 'MQTT user (anybody)',
            key: `${brokerOf(file)}#(anybody)`,
            line,
            evidence: 'the broker lets anybody in',
            traits: [{ trait: 'account:no-password', detail: 'allow_anonymous true', where: file.at(line) }],
          },
        ]
      : [],
  )

const brokerOf = ({ repository, repositoryPath }: ScannedFile): string =>
  `mosquitto:${repository}:${repositoryPath.includes('/') ? repositoryPath.slice(0, repositoryPath.lastIndexOf('/')) : '.'}`
