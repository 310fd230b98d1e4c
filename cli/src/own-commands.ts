import type { CommandEntry } from './command.ts'

/** The commands with words of their own. Each one's module is loaded when it is called. */
export const OWN_COMMANDS: readonly CommandEntry[] = [
  {
    words: 'login',
    summary: 'log in with a one-time code, by another session, or anew',
    load: async () => (await import('./commands/login.ts')).login,
  },
  {
    words: 'device approve',
    summary: 'let the machine that shows a code act as you',
    load: async () => (await import('./commands/approve-device.ts')).approveDevice,
  },
  {
    words: 'logout',
    summary: "end the session, and forget it and this machine's key",
    load: async () => (await import('./commands/logout.ts')).logout,
  },
  {
    words: 'whoami',
    summary: 'who you are on the server, with your roles',
    load: async () => (await import('./commands/whoami.ts')).whoami,
  },
  {
    words: 'status',
    summary: 'whether the server is ready and you are logged in',
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    words: 'doctor',
    summary: 'what is wrong between this machine and the server',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    words: 'scan',
    summary: 'find identities and secrets in files; sends nothing',
    load: async () => (await import('./commands/scan.ts')).scanCommand,
  },
  {
    words: 'import',
    summary: 'take what `reeve scan --json` saw into the register',
    load: async () => (await import('./commands/import.ts')).importCommand,
  },
  {
    words: 'init',
    summary: 'write a folder of access as code, from a template or the register',
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    words: 'apply',
    summary: 'make the register as a folder of files declares it',
    load: async () => (await import('./commands/apply.ts')).apply,
  },
  {
    words: 'plan',
    summary: 'show what applying such a folder would change, and break',
    load: async () => (await import('./commands/plan.ts')).plan,
  },
  {
    words: 'show-plan',
    summary: 'what a kept plan would do, for whoever is to approve it',
    load: async () => (await import('./commands/show-plan.ts')).showPlan,
  },
  {
    words: 'validate',
    summary: 'say everything that is wrong with such a folder; lint it',
    load: async () => (await import('./commands/validate.ts')).validate,
  },
  {
    words: 'test',
    summary: 'judge the tests of such a folder as if it were applied',
    load: async () => (await import('./commands/test.ts')).test,
  },
  {
    words: 'least-privilege',
    summary: 'what was granted and not used, and the patch that takes it away',
    load: async () => (await import('./commands/least-privilege.ts')).leastPrivilege,
  },
  {
    words: 'credential add',
    summary: 'give an identity a way to prove itself',
    load: async () => (await import('./commands/add-credential.ts')).addCredential,
  },
  {
    words: 'credential rotate',
    summary: 'replace a credential; the old one works until all have moved',
    load: async () => (await import('./commands/rotate-credential.ts')).rotateCredential,
  },
  {
    words: 'trust test',
    summary: 'which federation trust would accept a token, and why not',
    load: async () => (await import('./commands/test-trust.ts')).testTrust,
  },
  {
    words: 'token get',
    summary: 'get an access token as an identity',
    load: async () => (await import('./commands/get-token.ts')).getToken,
  },
  {
    words: 'exec',
    summary: 'run a program that always has a valid token, and no secret',
    load: async () => (await import('./commands/exec.ts')).exec,
  },
  {
    words: 'sidecar',
    summary: 'keep a valid token in a file or behind a socket',
    load: async () => (await import('./commands/sidecar.ts')).sidecar,
  },
  {
    words: 'token exchange',
    summary: 'get a token to act with for the subject of another',
    load: async () => (await import('./commands/exchange-token.ts')).exchangeToken,
  },
  {
    words: 'token show',
    summary: 'what a token says; not checked, and no server is asked',
    load: async () => (await import('./commands/show-token.ts')).showToken,
  },
  {
    words: 'token inspect',
    summary: 'what a token says, and whether it is in force',
    load: async () => (await import('./commands/inspect-token.ts')).inspectToken,
  },
  {
    words: 'token revoke',
    summary: 'end one token for good',
    load: async () => (await import('./commands/revoke-token.ts')).revokeToken,
  },
  {
    words: 'quarantine',
    summary: 'stop a token, credential, instance, identity, owner or issuer, now',
    load: async () => (await import('./commands/quarantine.ts')).quarantine,
  },
  {
    words: 'release',
    summary: 'undo a quarantine: it is again as it was before',
    load: async () => (await import('./commands/quarantine.ts')).release,
  },
  {
    words: 'can',
    summary: 'whether an identity may do something now, and why; or all that it may',
    load: async () => (await import('./commands/can.ts')).can,
  },
  {
    words: 'who-can',
    summary: 'who may do something on a resource now, and by what',
    load: async () => (await import('./commands/who-can.ts')).whoCan,
  },
  {
    words: 'why',
    summary: 'the reason behind a decision, refusal, finding, …',
    load: async () => (await import('./commands/why.ts')).why,
  },
  {
    words: 'report high-risk',
    summary: 'the standing report of what is at high risk, as a page or a file',
    load: async () => (await import('./commands/report-high-risk.ts')).reportHighRisk,
  },
  {
    words: 'request',
    summary: 'ask for the approval of one exact call of an operation',
    load: async () => (await import('./commands/request.ts')).request,
  },
  {
    words: 'audit tail',
    summary: 'the newest entries; -f goes on as they come',
    load: async () => (await import('./commands/tail-audit.ts')).tailAudit,
  },
  {
    words: 'audit search',
    summary: 'entries by what happened, to what, by whom and when',
    load: async () => (await import('./commands/search-audit.ts')).searchAudit,
  },
  {
    words: 'audit export',
    summary: 'take the log away with its signed checkpoints',
    load: async () => (await import('./commands/export-audit.ts')).exportAudit,
  },
  {
    words: 'audit key',
    summary: "the log's public verifier key, and its newest checkpoint",
    load: async () => (await import('./commands/audit-key.ts')).auditKey,
  },
  {
    words: 'audit verify',
    summary: 'prove offline that an export is complete and unchanged',
    load: async () => (await import('./commands/verify-audit.ts')).verifyAudit,
  },
  {
    words: 'api',
    summary: 'call any operation with JSON, or list them',
    load: async () => (await import('./commands/api.ts')).api,
  },
  {
    words: 'schema',
    summary: 'the JSON Schema of a command with --json',
    load: async () => (await import('./commands/schema.ts')).schema,
  },
  {
    words: 'completion',
    summary: 'the script that completes in bash, zsh or fish',
    load: async () => (await import('./commands/completion.ts')).completion,
  },
  {
    words: 'exit-codes',
    summary: 'what each exit code means',
    load: async () => (await import('./commands/exit-codes.ts')).exitCodes,
  },
]

/** Shorter words for what is done most; the operation's own words work as well. */
export const SHORT_WORDS: Readonly<Record<string, string>> = {
  adopt: 'inventory.sighting.adopt',
  reach: 'inventory.identity.reach',
  approve: 'lifecycle.approval.approve',
  refuse: 'lifecycle.approval.refuse',
}

/** Operations that have a command of their own alone: one that explains, and those whose input no flag may carry. */
export const UNDER_OTHER_WORDS: Readonly<Record<string, string>> = {
  'lifecycle.person.enrol': 'login',
  'lifecycle.session.create': 'login',
  'lifecycle.device.start': 'login',
  'lifecycle.device.finish': 'login',
  'observe.why.show': 'why',
  'policy.plan.show': 'show-plan',
  'broker.token.quarantine': 'quarantine',
  'broker.token.release': 'release',
  'broker.token.inspect': 'token inspect',
  'broker.token.revoke': 'token revoke',
  'broker.trust.test': 'trust test',
}
