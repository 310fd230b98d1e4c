import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readLines, type VerifyResult, verifyExport } from '@reeve/sdk/ledger'
import type { Admin, Place, ServerProcess } from '../process.ts'

/** Exports the whole log over HTTP and verifies it as an auditor does: with the log's key and the kept checkpoint. */
export const verifyLog = async (place: Place, server: ServerProcess, admin: Admin): Promise<VerifyResult> => {
  const file = join(place.folder, 'data', 'checkpoint')
  // Read before the export, which must contain it.
  const kept = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  const { vkey } = await admin.client(server).observe.checkpoint.show({})
  const response = await fetch(`${server.url}/audit/export`, { headers: { authorization: `Bearer ${admin.token}` } })
  if (!response.ok || response.body === null) throw new Error(`the export answered ${response.status}`)
  const options = kept === undefined ? { vkey } : { vkey, expectCheckpoint: kept }
  return verifyExport(readLines(response.body), options)
}
