import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { makeAuthority } from '../../../test/certificates.ts'
import { shown, vouchedNames } from './client-certificate.ts'

test('two subjects are never written alike: what has no name is written with the kind of its value, as openssl does', async () => {
  const ca = await makeAuthority()
  const given = { cas: [new X509Certificate(ca.cert)], nowMs: Date.now() }
  const dnOf = async (subject: string) => {
    const names = await vouchedNames(shown(new X509Certificate((await ca.issue({ subject })).cert)), given)
    return typeof names === 'string' ? names : names.dn[0]
  }
  // A BMPString, and a UTF8String whose text is all of its bytes.
  assert.equal(await dnOf('1.2.3.4=#1E020041'), '1.2.3.4=#1E020041')
  assert.equal(await dnOf('1.2.3.4=#0C041E020041'), '1.2.3.4=#0C041E020041')
  assert.equal(await dnOf('CN=x'), 'CN=x')
})
