import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { machinesSource } from './source.ts'

test('a line that trusts an authority is told as what it is: a key of many, not of one', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ops'
  const seen = (line: string) =>
    readSource(machinesSource, `${line}\n`, 'home/deploy/.ssh/authorized_keys').sightings[0]
  const authority = seen(`cert-authority,principals="deploy" ${key}`)
  assert.equal(authority?.name, 'SSH certificate authority ops')
  assert.ok(
    authority?.traits.some(
      ({ detail }) => detail === 'whoever has a certificate of ops may run anything, from anywhere',
    ),
  )
  assert.equal(seen(key)?.name, 'SSH key ops')
})
