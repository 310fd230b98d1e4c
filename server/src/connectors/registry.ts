import { z } from 'zod'
import { type Vendor, vendorOf } from './vendor.ts'
import type { VendorName } from './vendors.ts'

const Host = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251})?$/, 'is a host name or an address')

/** Every vendor. A new one is a folder, and a line here. INVARIANT: what it stands on is loaded when it is used. */
export const registry: Readonly<Record<VendorName, Vendor>> = {
  postgresql: vendorOf({
    name: 'postgresql',
    source: 'databases',
    secret: 'the password of the user',
    parts: [
      { name: 'roles', needs: 'select on pg_roles' },
      { name: 'memberships', needs: 'select on pg_auth_members' },
    ],
    settings: z.strictObject({
      host: Host,
      port: z
        .string()
        .regex(/^\d{1,5}$/, 'is a number')
        .default('5432'),
      database: z.string().min(1).max(63).default('postgres'),
      user: z.string().min(1).max(63),
      tls: z.enum(['verify', 'off']).default('verify'),
    }),
    load: async () => (await import('./postgresql/source.ts')).postgresqlSource,
  }),
}
