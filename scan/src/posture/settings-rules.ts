import { perTrait, type Rule } from './rule.ts'

const DAY_MS = 86_400_000

/** What can be wrong with what a program is started with, and with the container that it runs in. */
export const settingsRules: readonly Rule[] = [
  {
    id: 'settings/plain-secret',
    owasp: 'NHI2',
    severity: 'high',
    confidence: 'medium',
    title: 'a secret in plain text among the settings of a program',
    why: 'whoever reads the file, the process list or a crash report has it',
    fix: 'have it injected when the program starts, or replace it with a short-lived credential',
    judge: perTrait('secret-in-settings', (trait) =>
      trait.confidence === 'low'
        ? { severity: 'medium', evidence: [`${trait.detail} is a literal`] }
        : { evidence: [`${trait.detail} is a literal`] },
    ),
  },
  {
    id: 'settings/guessable-password',
    owasp: 'NHI4',
    severity: 'medium',
    confidence: 'high',
    title: 'a password that everybody tries first',
    why: 'it is the default, or the same as the user name: whoever reaches the port is in',
    fix: 'make a long random one and have it injected, or lease accounts instead',
    judge: perTrait('guessable-password', ({ detail }) => ({
      evidence: [`${detail} is a default or the user's own name`],
    })),
  },
  {
    id: 'settings/no-authentication',
    owasp: 'NHI4',
    severity: 'high',
    confidence: 'high',
    title: 'authentication is switched off',
    why: 'whoever reaches the port may do everything, and nobody can tell who did',
    fix: 'switch it on, and give each program that connects an account of its own',
    judge: perTrait('no-authentication'),
  },
  {
    id: 'settings/plain-text-transport',
    owasp: 'NHI4',
    severity: 'medium',
    confidence: 'high',
    title: 'a password goes over the network in plain text',
    why: 'every machine on the way can read it',
    fix: 'use TLS, and change the password',
    judge: perTrait('plain-text-transport'),
  },
  {
    id: 'settings/superuser',
    owasp: 'NHI5',
    severity: 'medium',
    confidence: 'medium',
    title: 'a program connects as the administrator of its store',
    why: 'a fault in the program is then a fault in everything that the store holds',
    fix: 'give it an account with rights to its own tables or queues only',
    judge: perTrait('superuser', ({ detail }) => ({ evidence: [`it connects as ${detail}`] })),
  },
  {
    id: 'settings/personal-account',
    owasp: 'NHI10',
    severity: 'medium',
    confidence: 'medium',
    title: "a program uses a person's account",
    why: 'its deeds are booked on the person, and it stops when the person leaves',
    fix: 'give the program an account of its own',
    judge: perTrait('personal-account', ({ detail }) => ({ evidence: [`it signs in as ${detail}`] })),
  },
  {
    id: 'settings/token-without-end',
    owasp: 'NHI7',
    severity: 'high',
    confidence: 'high',
    title: 'a token that lives too long',
    why: 'a token cannot be taken back by those who check it on their own: only its end stops it',
    fix: 'issue tokens for minutes, and let the program renew them',
    judge: (estate) =>
      perTrait('token-expiry', ({ detail }) => {
        if (detail === '') return { evidence: ['it has no expiry'] }
        const daysLeft = (Number(detail) * 1000 - estate.now.getTime()) / DAY_MS
        return daysLeft > 90
          ? { severity: 'medium', evidence: ['it is valid for more than 90 days from now'] }
          : undefined
      })(estate),
  },
  {
    id: 'settings/token-without-audience',
    owasp: 'NHI4',
    severity: 'low',
    confidence: 'high',
    title: 'a token that names no audience',
    why: 'whoever is given it for one service can use it at every other that trusts the issuer',
    fix: 'issue it for one resource (RFC 8707), and refuse tokens without an audience',
    judge: perTrait('no-audience', () => ({ evidence: ['no `aud` in it'] })),
  },
  {
    id: 'compose/engine-socket',
    owasp: 'NHI5',
    severity: 'critical',
    confidence: 'high',
    title: 'a container holds the socket of the container engine',
    why: 'through it the container can start any other, with the host as its disk: it is root on the host',
    fix: 'take it away, or put a proxy before it that allows only the calls it needs',
    judge: perTrait('compose:engine-socket', (trait) => (/:ro$/.test(trait.detail) ? { severity: 'high' } : {})),
  },
  {
    id: 'compose/privileged',
    owasp: 'NHI5',
    severity: 'high',
    confidence: 'high',
    title: 'a container with all rights on its host',
    why: '`privileged` takes every wall away between the container and the machine',
    fix: 'name the capabilities or devices that it needs instead',
    judge: perTrait('compose:privileged', ({ detail }) => ({ evidence: [`service ${detail}: privileged: true`] })),
  },
  {
    id: 'compose/strong-capability',
    owasp: 'NHI5',
    severity: 'medium',
    confidence: 'high',
    title: 'a container with a capability that is nearly root',
    why: 'with it a program can leave its container',
    fix: 'drop all capabilities and add only those that it fails without',
    judge: perTrait('compose:strong-capability', ({ detail }) => ({ evidence: [`cap_add: ${detail}`] })),
  },
  {
    id: 'compose/host-namespace',
    owasp: 'NHI5',
    severity: 'medium',
    confidence: 'high',
    title: "a container shares its host's network or processes",
    why: 'it sees, and can talk to, everything that was only meant for the host itself',
    fix: 'publish the ports that it needs instead',
    judge: perTrait('compose:host-namespace'),
  },
  {
    id: 'compose/published-to-all',
    owasp: 'NHI6',
    severity: 'medium',
    confidence: 'high',
    title: 'a store is open to every network of its host',
    why: 'a published port listens on all addresses and goes past the firewall rules of most hosts',
    fix: 'leave the port out (services of one stack reach each other without), or bind it to 127.0.0.1',
    judge: perTrait('compose:published-to-all'),
  },
  {
    id: 'compose/shared-env-file',
    owasp: 'NHI9',
    severity: 'low',
    confidence: 'high',
    title: 'several services are started with the same secrets',
    why: 'each gets what only one needs, and nobody can tell which of them used it',
    fix: 'give each service its own file with what it needs',
    judge: (estate) => {
      const files = new Set<string>()
      return perTrait('compose:shared-env-file', (trait) => {
        const file = `${trait.where.path} ${trait.detail}`
        if (files.has(file)) return undefined
        files.add(file)
        return { evidence: [`env_file ${trait.detail}`] }
      })(estate)
    },
  },
]
