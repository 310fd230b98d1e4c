/** What policy holds in memory: the compiled engine, the resources, the warmed identities. Filled in memory.ts's own commit. */
export interface PolicyMemory {
  readonly revision: string
}
