import { z } from 'zod'
import { MODES, VENDORS } from '../connectors/vendors.ts'
import type { Connector, ConnectorRun, ConnectorSecret } from './domain/connector.ts'
import { fault } from './faults.ts'
import type { ConnectorPorts } from './room.ts'
import { name } from './texts.ts'

const HOURS_MAX = 168
const PARTS_MAX = 20
// A certificate in PEM is the longest.
const SETTING_MAX = 10_000

/** What a change of a connector may change. */
export const connectorParticulars = {
  mode: z
    .enum(MODES)
    .describe(
      'read-only: it only looks; propose: it shows what it would write; enforce: it writes tags of the register',
    ),
  everyHours: z.number().int().min(1).max(HOURS_MAX).describe('how often it is asked'),
  without: z
    .array(z.string().regex(/^[a-z][a-z-]{0,39}$/))
    .max(PARTS_MAX)
    .describe('parts that are not asked for, such as those that its credential may not read'),
  settings: z
    .record(z.string().regex(/^[a-zA-Z]{1,40}$/), z.string().max(SETTING_MAX))
    .describe('where it is, such as host=db.example.com; which there are: docs/guides/connectors.md'),
}

/** Where the secret is: in one of three ways. */
export const secretFields = {
  secret: z
    .string()
    .min(1)
    .max(20_000)
    .optional()
    .meta({ description: 'the secret itself; kept sealed, never shown', writeOnly: true }),
  secretVariable: z
    .string()
    .regex(/^REEVE_CONNECTOR_[A-Z0-9_]{1,100}$/)
    .optional()
    .describe('the variable of the server that holds the secret, REEVE_CONNECTOR_…'),
  secretFile: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)
    .optional()
    .describe('the name of a file with the secret in the folder REEVE_CONNECTOR_FOLDER of the server'),
}

/** A new connector. */
export const ConnectorInput = z.strictObject({
  name: name('name'),
  vendor: z.enum(VENDORS),
  mode: connectorParticulars.mode.default('read-only'),
  everyHours: connectorParticulars.everyHours.default(6),
  without: connectorParticulars.without.default([]),
  settings: connectorParticulars.settings,
  ...secretFields,
})

/** What one run came to, as callers see it. */
export const RunView = z.object({
  startedAt: z.string(),
  endedAt: z.string(),
  outcome: z
    .enum(['complete', 'partial', 'failed'])
    .describe('partial and failed: what was not seen is not gone because of it'),
  sightings: z.number(),
  findings: z.number(),
  gone: z.number(),
  closed: z.number(),
  gaps: z.array(z.object({ part: z.string(), why: z.string() })).describe('what was not read, or not to its end'),
  notes: z.array(z.string()),
  writes: z
    .array(
      z.object({
        key: z.string(),
        identity: z.string(),
        set: z.record(z.string(), z.string()),
        state: z.enum(['proposed', 'written', 'failed']),
        why: z.string().nullable(),
      }),
    )
    .describe('tags that it wrote, or would write, the first hundred of them'),
})

/** A connector as callers see it: never with its secret. */
export const ConnectorView = z.object({
  id: z.string(),
  name: z.string(),
  vendor: z.string(),
  mode: z.enum(MODES),
  everyHours: z.number(),
  without: z.array(z.string()),
  settings: z.record(z.string(), z.string()),
  secretFrom: z.string().describe('sealed, none, or the variable or file that holds it'),
  dueAt: z.string().describe('when it is asked next'),
  lastRun: RunView.nullable(),
  createdAt: z.string(),
  createdBy: z.string().nullable(),
})

/** What callers see of a connector. */
export const connectorViewOf = ({ secret, ...connector }: Connector): z.infer<typeof ConnectorView> => ({
  ...connector,
  without: [...connector.without],
  settings: { ...connector.settings },
  secretFrom: secretText(secret),
  dueAt: connector.dueAt.toISOString(),
  lastRun: connector.lastRun === null ? null : runViewOf(connector.lastRun),
  createdAt: connector.createdAt.toISOString(),
})

/** What callers see of a run. */
export const runViewOf = (run: ConnectorRun): z.infer<typeof RunView> => ({
  ...run,
  gaps: [...run.gaps],
  notes: [...run.notes],
  writes: run.writes.map((write) => ({ ...write, set: { ...write.set } })),
})

/** Where the secret is, in one text. */
export const secretText = (secret: ConnectorSecret): string =>
  secret.kind === 'variable' || secret.kind === 'file' ? `${secret.kind} ${secret.name}` : secret.kind

interface GivenSecret {
  readonly secret?: string | undefined
  readonly secretVariable?: string | undefined
  readonly secretFile?: string | undefined
}

/** The place of the secret that an input names; undefined where it names none. The secret itself is sealed to the row. */
export const readSecret = (
  { secret, secretVariable, secretFile }: GivenSecret,
  { id, sealer }: { readonly id: string; readonly sealer: ConnectorPorts['sealer'] },
): ConnectorSecret | undefined => {
  if ([secret, secretVariable, secretFile].filter((each) => each !== undefined).length > 1)
    throw fault('connector_wrong', { about: 'its secret is in one place: secret, secretVariable or secretFile' })
  if (secret !== undefined) return { kind: 'sealed', sealed: sealer.seal(Buffer.from(secret), sealedAt(id)) }
  if (secretVariable !== undefined) return { kind: 'variable', name: secretVariable }
  return secretFile === undefined ? undefined : { kind: 'file', name: secretFile }
}

/** Where the secret of a connector is sealed to. */
export const sealedAt = (id: string) => ({ table: 'inventory_connector', row: id, column: 'sealed' })

/** Refuses what its vendor cannot be asked with. */
export const mustFit = (connector: Connector, { vendors }: Pick<ConnectorPorts, 'vendors'>): void => {
  const wrong = vendors.problem({ ...connector, hasSecret: connector.secret.kind !== 'none' })
  if (wrong !== undefined) throw fault('connector_wrong', { about: wrong })
}
