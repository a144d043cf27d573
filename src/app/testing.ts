import type { AuthService } from '../auth/index.ts'
import { AuthError } from '../model/errors.ts'
import type { JsonObject } from '../model/json.ts'
import { type Account, isEmailAddress, NO_PASSWORD } from '../model/user.ts'
import { cookieName } from './cookies.ts'

/** A user who is signed in for a test. */
export interface TestSession<Metadata = JsonObject> {
  readonly user: Account<Metadata>
  readonly sessionToken: string
  /** Headers with the session cookie, for a request to the routes of the application or of the service. */
  readonly headers: { readonly cookie: string }
}

/** Helpers for the tests of an application. */
export interface Testing<Metadata = JsonObject> {
  /**
   * Signs a user in without a password. If no account has the address, creates one with a confirmed address and no password.
   *
   * @throws {TypeError} In production mode.
   * @throws {AuthError} `invalid_email`; `invalid_credentials`: the account is disabled or must confirm its address.
   */
  signIn(user: string | { readonly email: string }): Promise<TestSession<Metadata>>
}

/** Creates the test helpers of a service. */
export function testingOf({ options, db, users, sessions }: AuthService): Testing {
  async function addUser(email: string): Promise<void> {
    if (!isEmailAddress(email)) throw new AuthError('invalid_email', { field: 'email' })
    const { id } = await db.addUser(email, NO_PASSWORD)
    await users.confirmEmail(id)
  }

  return {
    async signIn(given) {
      if (options.mode === 'production') throw new TypeError('auth.testing does not work in production mode')
      const email = typeof given === 'string' ? given : given.email
      if ((await users.find(email)) === null) await addUser(email)
      const sessionToken = await sessions.create({ email })
      const current = await sessions.current({ sessionToken })
      if (sessionToken === null || current === null) throw new AuthError('invalid_credentials')
      const cookie = `${cookieName('session_id', options)}=${sessionToken}`
      return { user: current.user, sessionToken, headers: { cookie } }
    },
  }
}
