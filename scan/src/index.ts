/** Finds non-human identities in files, and says what is wrong with them. */

export { judge, rules } from './posture/judge.ts'
export type { Rule as PostureRule } from './posture/rule.ts'
export { renderJson } from './render/json.ts'
export { renderSarif } from './render/sarif.ts'
export { renderTable, type TableOptions } from './render/table.ts'
export * from './report.ts'
export { FILE_BYTES_MAX, type ScanOptions, SKIPPED_FOLDERS, scan } from './scan.ts'
export { type SecretPlace, secretsIn } from './secrets-in.ts'
export type { Source, SourceAnswer, SourceTools } from './source.ts'
export { type AccessItem, type JobAccess, workflowAccess } from './sources/github-actions/access.ts'
export { sources } from './sources/registry.ts'
export { startThreads, type Threads } from './threads.ts'
