import { type CsvRow, csvHeader, readCsv } from '../../csv.ts'
import { dayIn } from '../../exports/credential-fact.ts'
import { recordsOf } from '../../exports/records.ts'
import { isExportWith, type SeenInExport, seenIn } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { Problem, Trait } from '../../report.ts'
import type { Source, SourceAnswer, SourceTools } from '../../source.ts'
import { linesOf } from '../machines/lines.ts'
import { settingTraits } from '../settings.ts'
import { statementsOf } from './statements.ts'

/** Users of databases: roles of PostgreSQL, users of MySQL and MariaDB, users of Redis, as their own tools list them. */
export const databasesSource: Source = {
  name: 'databases',
  wants: (file) => formOf(file) !== undefined,
  read(file, tools): SourceAnswer {
    const { seen, problems } = formOf(file)?.(file) ?? { seen: [], problems: [] }
    return { sightings: seen.map((user) => seenIn(file, seenOf(user, file, tools))), problems }
  },
}

/** A user as any listing tells of it; what it does not tell is left out. */
interface DatabaseUser {
  readonly system: 'postgresql' | 'mysql' | 'redis'
  readonly name: string
  readonly line: number
  /** The server, where the listing names it; else it is the one that its file is of. */
  readonly server?: string
  readonly isSuper: boolean
  /** May give rights that it has not, or become others. */
  readonly givesRights?: boolean
  readonly hasNoPassword?: boolean
  readonly isFromAnywhere?: boolean
  readonly madeOn?: string
  /** A day, `never`, or nothing where it is not told. */
  readonly endsOn?: string
  readonly rights?: string
  /** Written out where the listing has it in the clear; sealed before anything is told. */
  readonly password?: string
}

interface Users {
  readonly seen: readonly DatabaseUser[]
  readonly problems: readonly Problem[]
}

const seenOf = (user: DatabaseUser, file: ScannedFile, tools: SourceTools): SeenInExport => {
  const { system, name, line, server = '' } = user
  const where = file.at(line)
  const trait = (is: string, detail: string): Trait => ({ trait: is, detail, where })
  const access = user.isSuper ? 'admin' : 'unknown'
  return {
    kind: 'account',
    name: `${system} user ${name}`,
    key: `${system}:${server === '' ? `${file.repository}:${file.repositoryPath}` : server}#${name}`,
    line,
    evidence: `${system} user${user.rights ? `, ${user.rights}` : ''}`,
    reaches: [
      {
        what: `the ${system} server ${server === '' ? `of ${file.baseName}` : server}`,
        access,
        because: 'it signs in there',
      },
    ],
    traits: [
      ...(user.isSuper ? [trait('account:superuser', `${system} user ${name}`)] : []),
      ...(user.givesRights && !user.isSuper
        ? [trait('account:impersonates', `${system} user ${name} may make users and give them rights`)]
        : []),
      ...(user.hasNoPassword ? [trait('account:no-password', `${system} user ${name}`)] : []),
      ...settingTraits({ name: 'password', value: user.password ?? '', where }, tools, name),
      ...(user.isFromAnywhere ? [trait('account:from-anywhere', `${system} user ${name}`)] : []),
      ...(user.endsOn || user.madeOn
        ? [
            trait(
              'credential:listed',
              `password of ${name.slice(0, 120)}: made ${user.madeOn || 'unknown'}, last used unknown, ends ${user.endsOn || 'unknown'}`,
            ),
          ]
        : []),
    ],
  }
}

type FileForm = (file: ScannedFile) => Users

const formOf = (file: ScannedFile): FileForm | undefined => {
  if (file.extension === 'csv' || file.extension === 'tsv') {
    const header = csvHeader(file.bytes.toString('utf8', 0, 10_000))
    if (header.includes('rolname') || header.includes('usename')) return (one) => fromTable(one, postgresUser)
    return header.includes('host') &&
      header.includes('user') &&
      (header.includes('super_priv') || header.includes('plugin'))
      ? (one) => fromTable(one, mysqlUser)
      : undefined
  }
  if (isExportWith(file, ['"rolname"', '"Super_priv"'])) return fromJson
  if (file.extension === 'sql')
    return /\b(?:CREATE|ALTER) (?:ROLE|USER)\b/i.test(file.bytes.toString('latin1', 0, SQL_HEAD)) ? fromSql : undefined
  if (file.extension === 'acl' && /^user \S{1,200} (?:on|off)\b/m.test(file.bytes.toString('latin1', 0, SQL_HEAD)))
    return redisUsers
  return undefined
}

const SQL_HEAD = 200_000

type Fields = Pick<CsvRow, 'text' | 'line'>

const fromTable = (file: ScannedFile, read: (row: Fields) => DatabaseUser | undefined): Users => {
  const { rows, broken } = readCsv(file.text())
  const detail = `rows that are cut short: ${broken}`
  return {
    seen: rows.flatMap((row) => read(row) ?? []),
    problems: broken > 0 ? [{ path: file.path, reason: 'bad-line', detail }] : [],
  }
}

const fromJson: FileForm = (file) => {
  const { all, problems } = recordsOf(file)
  return {
    seen: all.flatMap(
      (record) =>
        postgresUser(record) ??
        mysqlUser({ line: record.line, text: (...names) => record.text(...names.map(mysqlField)) }) ??
        [],
    ),
    problems,
  }
}

// MySQL's own columns begin with a capital.
const mysqlField = (name: string): string =>
  name === 'plugin' || name.startsWith('pass') || name.startsWith('auth') || name.startsWith('account')
    ? name
    : name.replace(/^[a-z]/, (letter) => letter.toUpperCase())

const isYes = (text: string): boolean => /^(?:t|true|y|yes|1|on)$/i.test(text)

const postgresUser = (row: Fields): DatabaseUser | undefined => {
  const name = row.text('rolname', 'usename')
  // Those of the server itself only hand out rights.
  if (name === '' || name.startsWith('pg_') || /^(?:f|false)$/i.test(row.text('rolcanlogin'))) return undefined
  const ends = row.text('rolvaliduntil', 'valuntil')
  const isBypassing = isYes(row.text('rolbypassrls'))
  const superMember = row.text('rolbecomessuper')
  return {
    system: 'postgresql',
    name,
    line: row.line,
    server: row.text('server').slice(0, 200),
    isSuper: isYes(row.text('rolsuper', 'usesuper')),
    givesRights: isYes(row.text('rolcreaterole')) || superMember !== '',
    endsOn: dayIn(ends) || 'never',
    rights: [
      isBypassing ? 'goes around row policies' : '',
      isYes(row.text('rolreplication', 'userepl')) ? 'may replicate everything' : '',
      superMember === '' ? '' : `may become ${superMember}, a superuser`,
    ]
      .filter((text) => text !== '')
      .join(', '),
  }
}

const mysqlUser = (row: Fields): DatabaseUser | undefined => {
  const name = row.text('user')
  const host = row.text('host')
  if (
    host === '' ||
    /^mysql\.(?:sys|session|infoschema)$|^mariadb\.sys$/.test(name) ||
    isYes(row.text('account_locked'))
  )
    return undefined
  const plugin = row.text('plugin')
  const bySocket = /socket|auth_pam|ldap|kerberos/.test(plugin)
  return {
    system: 'mysql',
    name: `${name || '(anybody)'}@${host}`,
    line: row.line,
    isSuper: isYes(row.text('super_priv')),
    givesRights: isYes(row.text('grant_priv')) || isYes(row.text('create_user_priv')),
    hasNoPassword: !bySocket && row.text('authentication_string', 'password') === '' && plugin !== '',
    isFromAnywhere: host === '%',
    madeOn: dayIn(row.text('password_last_changed')),
  }
}

// `pg_dumpall --roles-only`, and the statements that people write into migrations.
const fromSql: FileForm = (file) => {
  const users = new Map<string, { line: number; words: string[]; password: string }>()
  for (const { words, line } of statementsOf(file.text())) {
    const [verb = '', what = ''] = words.map((word) => word.toUpperCase())
    if ((verb !== 'CREATE' && verb !== 'ALTER') || (what !== 'ROLE' && what !== 'USER')) continue
    const isConditional = words[2]?.toUpperCase() === 'IF'
    const at = isConditional ? words.findIndex((word) => /^EXISTS$/i.test(word)) + 1 : 2
    const host = words[at + 1] === '@' ? `@${words[at + 2] ?? '%'}` : ''
    const name = `${words[at] ?? ''}${host}`
    const known = users.get(name) ?? { line, words: what === 'USER' ? ['LOGIN'] : [], password: '' }
    users.set(name, {
      line: known.line,
      password: passwordIn(words.slice(at + 1)) || known.password,
      words: [...known.words, ...words.slice(at + 1).map((word) => word.toUpperCase())],
    })
  }
  const seen = [...users].flatMap(([name, { line, words, password }]): DatabaseUser[] => {
    const has = (word: string): boolean => words.lastIndexOf(word) > words.lastIndexOf(`NO${word}`)
    const until = words.lastIndexOf('UNTIL')
    const isMysql = name.includes('@')
    if (name === '' || name.startsWith('pg_') || !(has('LOGIN') || isMysql)) return []
    return [
      {
        system: isMysql ? 'mysql' : 'postgresql',
        name,
        line,
        isSuper: has('SUPERUSER'),
        givesRights: has('CREATEROLE'),
        isFromAnywhere: name.endsWith('@%'),
        password,
        ...(isMysql ? {} : { endsOn: (until === -1 ? '' : dayIn(words[until + 1] ?? '')) || 'never' }),
      },
    ]
  })
  return { seen, problems: [] }
}

// `PASSWORD 'x'` and `IDENTIFIED BY 'x'`, in the clear: a hash is none, whichever server made it.
const passwordIn = (words: readonly string[]): string => {
  const at = words.findIndex((word) => /^(?:PASSWORD|BY)$/i.test(word))
  const value = words[at + 1] ?? ''
  return at === -1 || /^(?:SCRAM-SHA-256\$|md5[0-9a-f]{32}$|\*[0-9A-F]{40}$|\$|NULL$|PASSWORD$|RANDOM$)/i.test(value)
    ? ''
    : value
}

// `ACL SAVE` and `ACL LIST`: rules are read from left to right, and later ones win.
const redisUsers: FileForm = (file) => ({
  problems: [],
  seen: linesOf(file).flatMap(({ text, line }): DatabaseUser[] => {
    const [, name = '', ...rules] = text.split(/\s+/)
    if (!text.startsWith('user ') || name === '') return []
    const isOn = rules.lastIndexOf('on') > rules.lastIndexOf('off')
    if (!isOn) return []
    const last = (...marks: readonly string[]): number => Math.max(...marks.map((mark) => rules.lastIndexOf(mark)))
    const isAll = last('+@all', 'allcommands') > last('-@all', 'nocommands', 'reset')
    const isNarrowed = rules
      .slice(last('+@all', 'allcommands') + 1)
      .some((rule) => /^-@(?:admin|dangerous)$/.test(rule))
    return [
      {
        system: 'redis',
        name,
        line,
        isSuper: isAll && !isNarrowed,
        hasNoPassword: last('nopass') > last('resetpass', 'reset'),
        password: rules.findLast((rule) => rule.startsWith('>'))?.slice(1) ?? '',
        rights: rules
          .filter((rule) => /^[~%&+-]/.test(rule))
          .slice(0, 20)
          .join(' '),
      },
    ]
  }),
})
