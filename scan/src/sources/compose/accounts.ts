import type { ProgramSetting } from '../settings.ts'

/** An account that a service is started with. */
export interface ServiceAccount {
  readonly name: string
  /** What names it, or gives it its password where it always has the same name. */
  readonly from: ProgramSetting
  readonly passwords: readonly ProgramSetting[]
  /** Whether the service makes it; otherwise it logs in as it elsewhere. */
  readonly isMadeHere: boolean
}

/** The accounts that settings name, or whose password they give; `''` is the name of one that only its environment knows. */
export const accountsOf = (settings: readonly ProgramSetting[], image: string): ServiceAccount[] =>
  ACCOUNTS.flatMap(({ users, passwords, always, images, hosts }) => {
    const named = settings.find(({ name }) => users?.includes(name))
    const given = settings.filter(({ name }) => passwords.includes(name.replace(/_FILE$/, '')))
    const from = named ?? given[0]
    const name = named ? named.value : images === undefined || images.test(image) ? always : undefined
    if (from === undefined || name === undefined) return []
    const isMadeHere = !settings.some((setting) => hosts?.includes(setting.name))
    return [{ name: name.includes('$') ? '' : name, from, passwords: given, isMadeHere }]
  })

interface AccountForm {
  readonly users?: readonly string[]
  readonly passwords: readonly string[]
  /** Its name where none is given, in these images. */
  readonly always?: string
  readonly images?: RegExp
  /** A client's settings: who has one makes no account, and logs in at that host. */
  readonly hosts?: readonly string[]
}

// As the images' own pages have it.
const ACCOUNTS: readonly AccountForm[] = [
  {
    users: ['POSTGRES_USER'],
    passwords: ['POSTGRES_PASSWORD'],
    always: 'postgres',
    images: /postg|pgvector|timescale/i,
    hosts: ['POSTGRES_HOST'],
  },
  {
    users: ['MYSQL_USER', 'MARIADB_USER'],
    passwords: ['MYSQL_PASSWORD', 'MARIADB_PASSWORD'],
    hosts: ['MYSQL_HOST', 'MARIADB_HOST'],
  },
  {
    passwords: ['MYSQL_ROOT_PASSWORD', 'MARIADB_ROOT_PASSWORD'],
    always: 'root',
    hosts: ['MYSQL_HOST', 'MARIADB_HOST'],
  },
  { passwords: ['MSSQL_SA_PASSWORD', 'SA_PASSWORD'], always: 'sa', images: /sql/i },
  { users: ['MONGO_INITDB_ROOT_USERNAME'], passwords: ['MONGO_INITDB_ROOT_PASSWORD'] },
  { users: ['RABBITMQ_DEFAULT_USER'], passwords: ['RABBITMQ_DEFAULT_PASS'] },
  { users: ['MINIO_ROOT_USER'], passwords: ['MINIO_ROOT_PASSWORD'] },
  { users: ['COUCHDB_USER'], passwords: ['COUCHDB_PASSWORD'] },
  { users: ['CLICKHOUSE_USER'], passwords: ['CLICKHOUSE_PASSWORD'] },
  { users: ['INFLUXDB_ADMIN_USER'], passwords: ['INFLUXDB_ADMIN_PASSWORD'] },
  { users: ['GF_SECURITY_ADMIN_USER'], passwords: ['GF_SECURITY_ADMIN_PASSWORD'], always: 'admin' },
]
