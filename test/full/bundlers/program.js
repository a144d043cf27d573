/** Uses what the library reads from files: a page, the common passwords, and the native module. Prints the statuses. */
import { createAuth } from 'bienvenue-auth'

const auth = await createAuth({
  mode: 'development',
  baseUrl: 'http://localhost:3000',
  databaseUrl: 'sqlite::memory:',
  passwordHash: 'bcrypt',
  breachCheckUrl: 'off',
  mailer: { send: async () => {}, close() {} },
})

async function ask(path, body) {
  const init = body && {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
  return (await auth.fetch(new Request(`http://localhost:3000${path}`, init))).status
}

const bob = { email: 'bob@example.com', password: 'seven green umbrellas' }
await auth.users.create({ ...bob, confirmed: true })
console.log(
  JSON.stringify({
    page: await ask('/reset_password'),
    commonPassword: await ask('/users', { ...bob, password: 'ILoveYou123' }),
    signIn: await ask('/sessions', bob),
  }),
)
await auth.close()
