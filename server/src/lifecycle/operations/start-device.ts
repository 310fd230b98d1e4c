import { z } from 'zod'
import { coreFault } from '../../kit/fault.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { LOGIN_CLIENT } from '../device-shape.ts'
import { secretHash, secretText } from '../domain/secret-text.ts'
import { USER_CODE_BYTES, userCode } from '../domain/user-code.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { insertLogin } from '../store-login.ts'

const LIFE_SECONDS = 600
const INTERVAL_SECONDS = 5
const SECRET_BYTES = 32

/** Begins a login on a machine that has no device key, to be approved from where a person is logged in (RFC 8628 §3.2). */
export const startDevice = operation.write({
  name: 'lifecycle.device.start',
  summary: 'begin a login that a person approves from another session',
  input: z.strictObject({
    client: z.string().max(100).describe('`reeve-cli`: there is no other'),
    scope: z.string().max(100).optional().describe('what else was asked for; there must be nothing'),
  }),
  output: z.object({
    id: z.string(),
    deviceCode: z.string(),
    userCode: z.string(),
    verificationUri: z.string(),
    expiresInSeconds: z.number().int(),
    intervalSeconds: z.number().int(),
  }),
  faults: ['login_client_unknown', 'login_scope_unsupported'],
  principals: ['anonymous', 'human'],
  on: () => DEPLOYMENT,
  run: async ({ tx, input, ports, caller, now, newId }) => {
    if (input.client !== LOGIN_CLIENT) throw fault('login_client_unknown')
    if (input.scope !== undefined) throw fault('login_scope_unsupported')
    const id = newId('lgn')
    const deviceCode = secretText('lc', ports.random.bytes(SECRET_BYTES))
    const code = userCode(ports.random.bytes(USER_CODE_BYTES))
    const expiresAt = new Date(now.getTime() + LIFE_SECONDS * 1000)
    const { ip, region, userAgent } = caller.source
    const isKept = await insertLogin(tx, {
      ...{ id, hash: secretHash(deviceCode), userHash: secretHash(code), now, expiresAt },
      ...{ intervalSeconds: INTERVAL_SECONDS, ip, region, userAgent },
    })
    if (!isKept) throw coreFault('unavailable', { retryAfterSeconds: 1 })
    return {
      output: {
        ...{ id, deviceCode, userCode: code, verificationUri: `${ports.issuer()}/login` },
        ...{ expiresInSeconds: LIFE_SECONDS, intervalSeconds: INTERVAL_SECONDS },
      },
      change: [{ field: 'login', before: null, after: 'pending' }],
      evidence: { login: id, expiresAt: expiresAt.toISOString() },
    }
  },
})
