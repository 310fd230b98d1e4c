import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { IDENTITY, startWorkload } from './running-reeve.ts'

// The programs that are run, in this Node: each tells what it sees on its standard output.
const NODE = [process.execPath, '-e']
const READ = `const { readFileSync, existsSync } = require('node:fs'); const { REEVE_TOKEN_FILE: file } = process.env;`
const ALIVE = `setInterval(() => {}, 1000); const { exit: end } = require('node:process');`

test('a program that is run finds one token in its file, behind its socket and in its variable, and its exit code is told', async (t) => {
  const { start, leftOver } = await startWorkload(t)
  const program = `${READ}
    const { request } = require('node:http');
    request({ socketPath: process.env.REEVE_TOKEN_SOCKET, path: '/token' }, (response) => {
      response.setEncoding('utf8').once('data', (text) => {
        console.log(JSON.stringify({ file: readFileSync(file, 'utf8'), socket: JSON.parse(text), variable: process.env.TOKEN }));
        require('node:process').exit(7);
      });
    }).end();`
  const { code, out, err } = await start('exec', ['--env', 'TOKEN'], [...NODE, program]).ended
  assert.equal(code, 7, err)
  const { file, socket, variable } = JSON.parse(out)
  assert.match(file, /^[\w-]+\.[\w-]+\.[\w-]+$/)
  assert.equal(variable, file)
  assert.deepEqual([socket.access_token, socket.token_type], [file, 'Bearer'])
  assert.ok(socket.expires_in > 500 && socket.expires_in <= 600)
  assert.deepEqual(leftOver(), [])
})

test('a program that is run has a token, and not the variable or the open file that proves who it is', async (t) => {
  const { start, issuer } = await startWorkload(t)
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  issuer.tokens.addKey(IDENTITY, { ...(await exportJWK(publicKey)), alg: 'ES256' })
  const proof = await new SignJWT({ iss: IDENTITY, sub: IDENTITY, aud: issuer.url, jti: 'one' })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(privateKey)
  const seen = `${READ}
    const at = (number) => { try { return readFileSync('/proc/self/fd/' + number, 'utf8') } catch { return '' } };
    const { PROOF, SAME, OTHER } = process.env;
    console.log(JSON.stringify([PROOF, SAME, OTHER, at(0), at(20), readFileSync(file, 'utf8').split('.').length]));`
  const nothing = [null, null, 'kept', '', '', 3]
  const environment = { PROOF: proof, SAME: proof, OTHER: 'kept' }
  const others = { OTHER: 'kept' }
  for (const started of [
    { proof: ['--proof', 'env:PROOF'], environment },
    { environment: others },
    { environment: others, descriptor: 0 },
    { proof: ['--secret-file', '/dev/fd/20'], environment: others, descriptor: 20 },
  ]) {
    const { code, out, err } = await start('exec', [], [...NODE, seen], started).ended
    assert.equal(code, 0, err)
    assert.deepEqual(JSON.parse(out), nothing, JSON.stringify(started.proof))
  }
})

test('before a token ends the next one is in the file, and a program that asked for a signal is told by it', async (t) => {
  const { start, issuer } = await startWorkload(t, { lifeSeconds: 2 })
  const program = `${READ} ${ALIVE}
    const tokens = [readFileSync(file, 'utf8')];
    process.on('SIGHUP', () => { tokens.push(readFileSync(file, 'utf8')); if (tokens.length === 3) { console.log(new Set(tokens).size); end(0); } });`
  const { code, out, err } = await start('exec', ['--on-renewal', 'SIGHUP'], [...NODE, program]).ended
  assert.equal(code, 0, err)
  assert.equal(out, '3\n')
  assert.ok(issuer.asked('/oauth/token').length >= 3)
})

test('a program that is started again at each renewal has the new token in its variable', async (t) => {
  const { start, folder } = await startWorkload(t, { lifeSeconds: 2 })
  const program = `const { appendFileSync, readFileSync } = require('node:fs'); ${ALIVE}
    appendFileSync(${JSON.stringify(`${folder}/seen`)}, process.env.TOKEN + '\\n');
    const seen = readFileSync(${JSON.stringify(`${folder}/seen`)}, 'utf8').trim().split('\\n');
    if (seen.length === 3) { console.log(new Set(seen).size); end(0); }`
  const { code, out, err } = await start('exec', ['--env', 'TOKEN', '--on-renewal', 'restart'], [...NODE, program])
    .ended
  assert.equal(code, 0, err)
  assert.equal(out, '3\n')
})

test('a signal is handed on, the end is the program’s own, and no token is left behind', async (t) => {
  const { start, leftOver } = await startWorkload(t)
  const program = `${ALIVE} process.on('SIGTERM', () => end(3)); console.log('ready');`
  const handled = start('exec', [], [...NODE, program])
  await handled.until(/ready/)
  assert.equal(leftOver().length, 1)
  handled.kill('SIGTERM')
  assert.equal((await handled.ended).code, 3)
  const unhandled = start('exec', [], [...NODE, `${ALIVE} console.log('ready')`])
  await unhandled.until(/ready/)
  unhandled.kill('SIGINT')
  assert.equal((await unhandled.ended).code, 130)
  assert.deepEqual(leftOver(), [])
})

test('a quarantine takes the token out of the file while the program runs, and its end brings another one', async (t) => {
  const { start, issuer } = await startWorkload(t)
  const program = `${READ} console.log('ready');
    let was = true;
    setInterval(() => { const is = existsSync(file); if (is !== was) console.log(is ? 'back' : 'gone'); was = is; }, 20);`
  const running = start('exec', [], [...NODE, program])
  await running.until(/ready/)
  issuer.failWith(400, '/oauth/token')
  issuer.stop('identity', 'nhi_1')
  await running.until(/gone/)
  assert.match(await running.until(/no valid token/, 'err'), /asked for again and again/)
  issuer.misbehave()
  issuer.release('identity', 'nhi_1')
  await running.until(/back/)
  running.kill('SIGTERM')
  assert.equal((await running.ended).code, 143)
})

test('where no token can be had, or the program is not there, nothing is run and the reason is told', async (t) => {
  const { start, issuer, leftOver } = await startWorkload(t)
  const missing = await start('exec', [], ['no-such-program']).ended
  assert.equal(missing.code, 1)
  assert.match(missing.err, /there is no program no-such-program/)
  for (const flags of [
    ['--on-renewal', 'SIGNOTHING'],
    ['--env', '1 TOKEN'],
  ]) {
    const wrong = await start('exec', flags, [...NODE, 'console.log("ran")']).ended
    assert.deepEqual([wrong.code, wrong.out], [1, ''])
    assert.match(wrong.err, /next: give (one such as )?--/)
  }
  await issuer.down()
  const unreachable = await start('exec', [], [...NODE, 'console.log("ran")']).ended
  assert.deepEqual([unreachable.code, unreachable.out], [7, ''])
  await issuer.up()
  assert.deepEqual(leftOver(), [])
})

test('whoever ends it while the server gives no answer is not kept waiting, and no program is started', async (t) => {
  const { start, issuer, leftOver } = await startWorkload(t)
  issuer.pause()
  const waiting = start('exec', [], [...NODE, 'console.log("ran")'])
  while (issuer.asked('/oauth/token').length === 0) await new Promise((resolve) => setImmediate(resolve))
  waiting.kill('SIGTERM')
  const { code, out } = await waiting.ended
  issuer.resume()
  assert.deepEqual([code, out], [143, ''])
  assert.deepEqual(leftOver(), [])
})

test('a program that was asked to end is not started again by a renewal that comes meanwhile', async (t) => {
  const { start, issuer } = await startWorkload(t, { lifeSeconds: 2 })
  const program = `${ALIVE} process.on('SIGTERM', () => console.log('asked'));
    process.on('SIGUSR1', () => end(4)); console.log('started');`
  const running = start('exec', ['--on-renewal', 'restart'], [...NODE, program])
  await running.until(/started/)
  running.kill('SIGTERM')
  await running.until(/asked/)
  const asked = issuer.asked('/oauth/token').length
  while (issuer.asked('/oauth/token').length < asked + 2) await new Promise((resolve) => setImmediate(resolve))
  running.kill('SIGUSR1')
  const { code, out } = await running.ended
  assert.equal(code, 4)
  assert.equal(out.split('started').length, 2)
})
