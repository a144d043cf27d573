// The classic account life cycle through axios on Node: forms, multipart forms and JSON. axios has no cookie store on
// Node, so the script passes the cookie itself. Prints nothing on success.
import assert from 'node:assert/strict'
import axios from 'axios'

const email = 'axios@example.com'
const account = { email, password: 'b4l0u' }
const client = axios.create({ baseURL: process.argv[2], validateStatus: () => true })

async function send(status, config) {
  const answer = await client.request(config)
  assert.equal(answer.status, status, JSON.stringify(answer.data))
  assert.equal(answer.headers['content-type'], 'application/json')
  return answer
}

const multipart = { 'content-type': 'multipart/form-data' }
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const created = await send(200, { method: 'post', url: '/users', data: account, headers: multipart })
assert.deepEqual(created.data, { email, message: 'user created' })
await send(401, { method: 'post', url: '/sessions', data: { ...account, password: 'wrong' }, headers: form })
const signedIn = await send(200, { method: 'post', url: '/sessions', data: account })
const cookie = signedIn.headers['set-cookie'][0].split(';')[0]
assert.deepEqual((await send(200, { url: '/profile', headers: { cookie } })).data, { email })
// It repeats DELETE on a 302.
const signedOut = await send(200, { method: 'delete', url: '/sessions', headers: { cookie } })
assert.deepEqual(signedOut.data, { message: 'Bienvenue' })
await send(403, { url: '/profile', headers: { cookie } })
await send(403, { method: 'post', url: '/reset_password', data: { email: 'nope' }, headers: form })
const { data } = await send(200, { method: 'post', url: '/reset_password', data: { email }, headers: form })
const change = { email, reset_token: data.reset_token, new_password: 't4rt1fl3tt3' }
await send(200, { method: 'put', url: '/reset_password', data: change, headers: multipart })
await send(200, { method: 'post', url: '/sessions', data: { email, password: 't4rt1fl3tt3' } })
