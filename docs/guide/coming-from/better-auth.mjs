// Prints the users of better-auth as lines for `bienvenue import`.
// Run it with Node in your project, with the file that exports your `auth`.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

// The most rows that better-auth returns at once unless it is configured otherwise.
const PAGE = 100

// Here, an issuer and an account id name an identity. Remove `github` if yours is not github.com.
const ISSUERS = {
  apple: 'https://appleid.apple.com',
  github: 'https://github.com/login/oauth',
  google: 'https://accounts.google.com',
}

const exported = await import(pathToFileURL(resolve(process.argv[2] ?? 'auth.ts')).href)
const { adapter } = await (exported.auth ?? exported.default).$context

function lineOf(user, accounts) {
  const { password } = accounts.find(({ providerId }) => providerId === 'credential') ?? {}
  const isBanned = user.banned && (!user.banExpires || user.banExpires > new Date())
  return JSON.stringify({
    old_id: user.id,
    email: user.email,
    hashed_password: password || '!',
    email_verified: user.emailVerified,
    created_at: user.createdAt,
    disabled: isBanned ? true : undefined,
    name: user.name,
    picture: user.image,
    totp_secret: user.twoFactorEnabled ? 'not exported' : undefined,
    identities: accounts
      .filter(({ providerId }) => Object.hasOwn(ISSUERS, providerId))
      .map(({ providerId, accountId, createdAt }) => ({
        provider: providerId,
        issuer: ISSUERS[providerId],
        subject: accountId,
        created_at: createdAt,
      })),
  })
}

async function accountsOf(users) {
  const accounts = []
  const where = [{ field: 'userId', operator: 'in', value: users.map(({ id }) => id) }]
  for (let offset = 0; ; offset += PAGE) {
    const page = { limit: PAGE, offset, sortBy: { field: 'id', direction: 'asc' } }
    const found = await adapter.findMany({ model: 'account', where, ...page })
    if (found.length === 0) return Map.groupBy(accounts, ({ userId }) => userId)
    accounts.push(...found)
  }
}

for (let offset = 0; ; offset += PAGE) {
  const page = { limit: PAGE, offset, sortBy: { field: 'id', direction: 'asc' } }
  const users = await adapter.findMany({ model: 'user', ...page })
  if (users.length === 0) break
  const accounts = await accountsOf(users)
  const lines = users
    .filter(({ isAnonymous }) => !isAnonymous)
    .map((user) => `${lineOf(user, accounts.get(user.id) ?? [])}\n`)
  process.stdout.write(lines.join(''))
}
// An open connection to the database would keep the program running.
process.stdout.end(() => process.exit())
