import type { X509Certificate } from 'node:crypto'
import type { Changes } from '../../kit/changes.ts'
import type { Clock } from '../../kit/clock.ts'
import type { Database } from '../../kit/database.ts'
import type { Hot } from '../../kit/hot.ts'
import type { Random } from '../../kit/random.ts'
import type { Tier, TierRules } from '../../settings.ts'
import type { BoundKeys } from '../bound-keys.ts'
import type { ForeignTokens } from '../foreign-token.ts'
import type { ClientMemory } from '../memory/client-memory.ts'
import type { KeyMemory } from '../memory/key-memory.ts'
import type { KeyRates } from '../memory/key-rates.ts'
import type { KeyRing } from '../memory/key-ring.ts'
import type { StatusPages } from '../memory/status-pages.ts'
import type { StopBoard } from '../memory/stop-board.ts'
import type { Decisions, TokenReader } from '../room.ts'
import type { SenderProofs } from '../sender-proof.ts'

/** What the hot paths of the broker stand on. */
export interface HotParts {
  readonly database: Database
  readonly changes: Changes
  readonly hot: Hot
  readonly clock: Clock
  readonly random: Random
  readonly decisions: Decisions
  readonly tiers: Readonly<Record<Tier, TierRules>>
  readonly memory: ClientMemory
  readonly foreign: ForeignTokens
  readonly boundKeys: BoundKeys
  readonly board: StopBoard
  readonly ring: KeyRing
  readonly tokens: TokenReader
  readonly senders: SenderProofs
  readonly apiKeys: KeyMemory
  readonly keyRates: KeyRates
  readonly statuses: StatusPages
  issuer(): string
  /** The URLs under which this server is reached: the issuer's, and that of those who show certificates where it is another. */
  addresses(): readonly string[]
  /** The CAs that issue certificates to clients, as they are now. */
  clientCas(): readonly X509Certificate[]
}
