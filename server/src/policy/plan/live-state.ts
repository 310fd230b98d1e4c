import { createHash } from 'node:crypto'
import { canonicalize } from '@reeve/sdk/ledger'
import type { AnyTx } from '../../kit/database.ts'
import type { DirectoryInput } from '../directory.ts'
import type { PolicyPorts } from '../room.ts'
import { allApplications } from '../store-application.ts'
import { allBundles } from '../store-bundle.ts'
import { allDeclared } from '../store-declared.ts'
import { allFragments } from '../store-fragment.ts'
import { allLiveGrants } from '../store-grant.ts'
import { allModes } from '../store-mode.ts'
import { allResources } from '../store-resource.ts'
import { allTexts } from '../store-set.ts'

/**
 * Digests of everything that a plan stands on, by a name that people know: all of policy's own, and the identities
 * that the directory speaks of. Two plans on equal states say the same.
 */
export const liveState = async (
  tx: AnyTx,
  ports: PolicyPorts,
  input: DirectoryInput,
): Promise<Readonly<Record<string, string>>> => {
  const state: Record<string, string> = {}
  const note = (name: string, of: unknown): void => {
    state[name] = digest(of)
  }
  for (const text of await allTexts(tx)) note(`policy ${text.name}`, text)
  for (const resource of await allResources(tx)) note(`resource ${resource.name}`, resource)
  for (const application of await allApplications(tx)) note(`application ${application.name}`, application)
  for (const bundle of await allBundles(tx)) note(`bundle ${bundle.name}`, bundle)
  for (const mode of await allModes(tx)) note(`report-only ${mode.kind} ${mode.target}`, mode)
  for (const fragment of await allFragments(tx)) note(`fragment ${fragment.name}`, fragment)
  for (const one of await allDeclared(tx)) note(`declaration ${one.directory} ${one.type} ${one.name}`, one)
  for (const { id, identity, name, gives, conditions, expiresAt, directory } of await allLiveGrants(tx))
    note(`grant ${id} ${name} of ${identity}`, { gives, conditions, expiresAt, directory })
  const named = new Set([...input.identities.map(({ name }) => name), ...input.grants.map(({ identity }) => identity)])
  for (const name of named) {
    const identity = await ports.identities.find(tx, name)
    if (identity !== undefined) note(`identity ${name}`, identity)
  }
  return state
}

const CHARS = 16

// Not a proof against an enemy, who would need the database: only to tell states apart.
const digest = (of: unknown): string =>
  createHash('sha256')
    .update(canonicalize(JSON.parse(JSON.stringify(of))))
    .digest('base64url')
    .slice(0, CHARS)
