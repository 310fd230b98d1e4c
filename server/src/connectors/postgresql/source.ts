import { createRequire } from 'node:module'
import type Pg from 'pg'
import { type Asking, type Source, VendorError } from '../vendor.ts'

/** Where a server is, and as whom it is asked. */
export interface PostgresqlSettings {
  readonly host: string
  readonly port: string
  readonly database: string
  readonly user: string
  readonly tls: 'verify' | 'off'
}

const CONNECT_MS = 5_000
const STATEMENT_MS = 10_000
const PAGE = 1_000

/** The roles of a PostgreSQL server, as `pg_roles` lists them, with the superusers that each may become. */
export const postgresqlSource = (settings: PostgresqlSettings, pageSize = PAGE): Source => ({
  read: async (asking) => {
    let client: Pg.Client | undefined
    // Connected when the first part is asked for, so that what fails there is a gap like any other.
    const connected = async (): Promise<Pg.Client> => {
      client ??= await connect(settings, asking)
      return client
    }
    try {
      const roles = await asking.part<Role>('roles', async (take) => paged(await connected(), ROLES, pageSize, take))
      const members = await asking.part<Member>('memberships', async (take) =>
        paged(await connected(), MEMBERS, pageSize, take),
      )
      const becomes = superusersOf(roles, members)
      const server = `${settings.host}:${settings.port}`
      asking.keep(
        `${server}.json`,
        roles.map(({ oid, ...role }) => ({ ...role, server, rolbecomessuper: becomes.get(oid) ?? '' })),
      )
    } finally {
      await client?.end().catch(() => undefined)
    }
  },
})

interface Role {
  readonly oid: number
  readonly rolname: string
  readonly rolsuper: boolean
}

interface Member {
  readonly oid: number
  readonly member: number
  readonly roleid: number
}

const ROLES = `select oid::int8, rolname, rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
  case when isfinite(rolvaliduntil) then to_char(rolvaliduntil at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end as rolvaliduntil
  from pg_catalog.pg_roles where oid > $1 order by oid limit $2`
// Numbered by itself: the catalog of older servers has no oid.
const MEMBERS = `select * from (select row_number() over (order by roleid, member, grantor) as oid, roleid::int8, member::int8
  from pg_catalog.pg_auth_members) as each where oid > $1 order by oid limit $2`

const connect = async ({ host, port, database, user, tls }: PostgresqlSettings, asking: Asking): Promise<Pg.Client> => {
  const { addresses, mustEncrypt } = await asking.reach.addresses(host)
  const [first] = addresses
  if (first === undefined) throw new VendorError('its name cannot be resolved')
  if (mustEncrypt && tls === 'off')
    throw new VendorError('outside of the networks of this server it is asked with tls verify only')
  const pg: typeof Pg = createRequire(import.meta.url)('pg')
  const client = new pg.Client({
    // INVARIANT: what was judged is what is dialled; the certificate must be of the name.
    host: first.address,
    port: Number(port),
    ...{ database, user, password: asking.secret },
    ssl: tls === 'off' ? false : { rejectUnauthorized: true, servername: host },
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: STATEMENT_MS,
    application_name: 'reeve',
  })
  // A connection that breaks between two questions is told by the next one.
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (error) {
    throw readable(error)
  }
  return client
}

/** Page by page, by the number that each row has. */
const paged = async <Row extends { readonly oid: number }>(
  client: Pg.Client,
  query: string,
  size: number,
  take: (rows: readonly Row[]) => void,
): Promise<void> => {
  for (let after = 0; ; ) {
    const { rows } = await client.query<Row & Pg.QueryResultRow>(query, [after, size]).catch((error: unknown) => {
      throw readable(error)
    })
    const page = rows.map((row) => ({ ...row, oid: Number(row.oid) }))
    take(page)
    const last = page.at(-1)
    if (last === undefined || page.length < size) return
    after = last.oid
  }
}

/** The server's own words are in its own language, and may quote what they were asked: its code says enough. */
const readable = (error: unknown): VendorError => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  if (code === '42501') return new VendorError('it may not be read', 403, error)
  if (code.startsWith('28')) return new VendorError('its credential was not accepted', 401, error)
  return new VendorError(`the server did not answer as it should (${code})`, undefined, error)
}

/** By role: a superuser that it may become, through however many roles (SET ROLE). */
const superusersOf = (roles: readonly Role[], members: readonly Member[]): ReadonlyMap<number, string> => {
  const becomes = new Map<number, string>()
  const membersOf = Map.groupBy(members, ({ roleid }) => Number(roleid))
  for (const { oid, rolname } of roles.filter(({ rolsuper }) => rolsuper)) {
    const waiting = [oid]
    for (let role = waiting.pop(); role !== undefined; role = waiting.pop())
      for (const { member } of membersOf.get(role) ?? []) {
        if (becomes.has(Number(member)) || Number(member) === oid) continue
        becomes.set(Number(member), rolname)
        waiting.push(Number(member))
      }
  }
  return becomes
}
