import { existsSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { readLines, type VerifyResult, verifyExport } from '@reeve/sdk/ledger'
import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { readText } from '../read-input.ts'
import { safeText } from '../safe-text.ts'

/** `reeve audit verify FILE`: proves an export, with the public key only. */
export const verifyAudit: CommandSpec = {
  declare: (command) =>
    command
      .argument('<file>', 'what `reeve audit export` wrote')
      .requiredOption('--key <vkey>', "the log's public key as `reeve audit key` prints it, or a file that holds it")
      .option('--checkpoint <file>', 'a checkpoint that you kept: the export must contain it'),
  examples: ['reeve audit verify audit.ndjson --key audit.vkey'],
  notes: 'Needs no server and no login.',
  output: {
    schema: {
      type: 'object',
      required: ['ok', 'entries', 'size', 'checkpointsVerified'],
      properties: {
        ok: { type: 'boolean' },
        entries: { type: 'integer' },
        size: { type: 'integer' },
        checkpointsVerified: { type: 'integer' },
      },
    },
  },
  run: async (context, command) => {
    const { around } = context
    const [file = ''] = command.args
    const { key, checkpoint } = command.opts<{ key: string; checkpoint?: string }>()
    const kept = checkpoint === undefined ? {} : { expectCheckpoint: await readText(around, checkpoint) }
    const vkey = vkeyOf(key)
    // Opened before anything reads from it, so that a file that is not there is told here.
    const source = await open(file)
    const result = await verifyExport(readLines(source.createReadStream()), { vkey, ...kept })
    context.print(result, () => `${verdict(result)}\n`)
    // A signed log that was cut off at one of its checkpoints is a signed log.
    if (result.ok && checkpoint === undefined)
      context.say('whether the log went on behind these only a checkpoint that you kept can tell: --checkpoint')
    if (!result.ok)
      throw new CommandError('the export is not what the log signed', {
        exitCode: 8,
        next:
          result.size === 0
            ? 'compare with another copy'
            : `compare with another copy; the entries below ${result.size} are proven`,
      })
  },
}

const vkeyOf = (given: string): string => {
  const vkey = (existsSync(given) ? readFileSync(given, 'utf8') : given).trim()
  if (/^\S+\+[0-9a-f]{8}\+\S+$/.test(vkey)) return vkey
  throw new CommandError('--key is neither a verifier key nor a file that holds one', {
    next: 'get it from the server, or better from where you kept it: reeve audit key > audit.vkey',
  })
}

const verdict = (result: VerifyResult): string =>
  result.ok
    ? `verified: ${entriesOf(result)}, ${result.checkpointsVerified} signed checkpoints, root ${result.root ?? '-'}`
    : safeText(
        `NOT verified: ${result.problem ?? 'unknown'}; first bad entry ${result.firstBadIndex ?? '-'}; proven below ${result.size}`,
      )

/** Which entries these are: an export may begin behind what somebody would rather not show. */
const entriesOf = ({ entries, size }: VerifyResult): string => {
  const first = size - entries
  const count = entries === 0 ? 'no entries' : entries === 1 ? `entry ${first}` : `entries ${first} to ${size - 1}`
  return first === 0 ? count : `${count} (the ${first} before are not in this file)`
}
