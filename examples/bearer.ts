/**
 * A command that signs in with a bearer token, and keeps it in a file that only its user can read:
 *
 *   PASSWORD=b4l0u node examples/bearer.ts sign-in bob@example.com
 *   node examples/bearer.ts who
 *   node examples/bearer.ts sign-out
 */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { createClient } from 'bienvenue-auth/client'

const {
  BIENVENUE_URL = 'http://localhost:5000',
  TOKEN_FILE = `${homedir()}/.bienvenue-token`,
  PASSWORD = '',
} = process.env
const [command, email = ''] = process.argv.slice(2)

const client = createClient({
  baseUrl: BIENVENUE_URL,
  token: {
    get: () => readFile(TOKEN_FILE, 'utf8').catch(() => null),
    set: (token) =>
      token === null ? rm(TOKEN_FILE, { force: true }) : writeFile(TOKEN_FILE, token, { mode: 0o600 }),
  },
})

if (command === 'sign-in') {
  const result = await client.signIn.withPassword({ email, password: PASSWORD })
  if (!result.ok) console.log(result.error.message)
  else if ('next' in result.data) console.log('Enter the code of your authenticator app.')
  else console.log(`Signed in as ${result.data.email}.`)
} else if (command === 'sign-out') {
  await client.sessions.signOut()
  console.log('Signed out.')
} else {
  const result = await client.session.get()
  const user = result.ok ? result.data.user : null
  console.log(user === null ? 'Nobody is signed in.' : `Signed in as ${user.email}.`)
}
