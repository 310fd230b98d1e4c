/** An immutable map that copies a small part of itself for a change, so that one change among 100,000 entries is cheap. */
export interface ShardedMap<Value> {
  readonly size: number
  get(key: string): Value | undefined
  values(): Generator<Value>
  /** The map after the changes; `undefined` removes. */
  with(changes: ReadonlyMap<string, Value | undefined>): ShardedMap<Value>
}

/** A map without entries. */
export const emptyShardedMap = <Value>(): ShardedMap<Value> => shardedMap(new Array(SHARDS), 0)

const SHARDS = 1024

type Shards<Value> = readonly (ReadonlyMap<string, Value> | undefined)[]

const shardedMap = <Value>(shards: Shards<Value>, size: number): ShardedMap<Value> => ({
  size,
  get: (key) => shards[shardOf(key)]?.get(key),
  *values() {
    for (const shard of shards) if (shard) yield* shard.values()
  },
  with(changes) {
    const next = [...shards]
    const copied = new Map<number, Map<string, Value>>()
    let grown = size
    for (const [key, value] of changes) {
      const at = shardOf(key)
      const shard = copied.get(at) ?? new Map(shards[at])
      copied.set(at, shard)
      next[at] = shard
      const before = shard.size
      if (value === undefined) shard.delete(key)
      else shard.set(key, value)
      grown += shard.size - before
    }
    return shardedMap(next, grown)
  },
})

// FNV-1a: spread is all that is asked of it; entries of one shard are still told apart by their whole key.
const shardOf = (key: string): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  return (hash ^ (hash >>> 15)) & (SHARDS - 1)
}
