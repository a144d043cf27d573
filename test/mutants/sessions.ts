import type { Mutant } from './mutant.ts'

export const SESSIONS: readonly Mutant[] = [
  {
    id: 'SES-01',
    does: 'finds a session by its id alone',
    file: 'src/auth/sessions/guards.ts',
    find: '!equalInConstantTime(found.session.secretHash, bearer.secretHash)',
    replace: 'false',
  },
  {
    id: 'SES-01',
    does: 'believes a header about the user',
    file: 'src/app/handlers.ts',
    find: "return readSessionCookie(this.#admitted.incoming.header('cookie'), this.#options)",
    replace:
      "return readSessionCookie(this.#admitted.incoming.header('cookie'), this.#options) ?? this.#admitted.incoming.header('x-session-id')?.replace('session_id=', '') ?? null",
  },
  {
    id: 'SES-02',
    does: 'uses one secret for all sessions of a process',
    file: 'src/lib/random.ts',
    find: "return randomBytes(32).toString('base64url')",
    replace: "return Buffer.alloc(32, 7).toString('base64url')",
  },
  {
    id: 'SES-02',
    does: 'has 64 random bits',
    file: 'src/lib/random.ts',
    find: "return randomBytes(32).toString('base64url')",
    replace: "return Buffer.concat([randomBytes(8), Buffer.alloc(24)]).toString('base64url')",
  },
  {
    id: 'SES-02',
    does: 'accepts an API key',
    file: 'src/app/handlers.ts',
    find: "return readSessionCookie(this.#admitted.incoming.header('cookie'), this.#options)",
    replace:
      "return this.#admitted.incoming.header('x-api-key') ?? readSessionCookie(this.#admitted.incoming.header('cookie'), this.#options)",
  },
  {
    id: 'SES-03',
    does: 'stores the secret in place of its hash',
    file: 'src/lib/digest.ts',
    find: "return hash('sha256', text, 'buffer')",
    replace: 'return Buffer.from(text)',
  },
  {
    id: 'SES-03',
    does: 'accepts the id of a session as its token',
    file: 'src/auth/sessions/guards.ts',
    find: "const bearer = typeof sessionToken === 'string' ? parseBearer(sessionToken) : null",
    replace:
      "const bearer = typeof sessionToken === 'string' ? (parseBearer(sessionToken) ?? { id: sessionToken, secretHash: new Uint8Array() }) : null\n  if (bearer?.secretHash.length === 0 && /^[0-9a-f-]{36}$/.test(bearer.id)) return store.findSession(ctx.db, bearer.id)",
  },
  {
    id: 'SES-03',
    does: 'keeps one session for each user',
    file: 'src/auth/sessions/start.ts',
    find: 'tx.options.sessionsPerUser)',
    replace: '1)',
  },
  {
    id: 'SES-04',
    does: 'keeps the session that a sign-in replaces',
    file: 'src/auth/sign-in/with-password.ts',
    find: '      if (replaced !== null) await endReplacedSession(tx, replaced.session, caller)\n',
    replace: '',
  },
  {
    id: 'SES-04',
    does: 'keeps the old session after reauthentication',
    file: 'src/auth/sign-in/reauthenticate.ts',
    find: "    if (!(await store.deleteSession(tx.db, session))) throw new AuthError('unauthenticated')\n",
    replace: '',
  },
  {
    id: 'SES-04',
    does: 'keeps the old session after a change of password',
    file: 'src/auth/account/password-change.ts',
    // The session is deleted twice: alone, to see whether a sign-out came first, and with all others.
    find: "  if (!(await store.deleteSession(tx.db, session))) throw new AuthError('unauthenticated')\n  await store.updateUser(tx.db, user.id, { hashedPassword })\n  await revokeSessionsAndTokens(tx, user.id)\n",
    replace:
      '  await store.updateUser(tx.db, user.id, { hashedPassword })\n  await store.deleteTokensOf(tx.db, user.id)\n',
  },
  {
    id: 'SES-05',
    does: 'reads the token from the query',
    file: 'src/app/handlers.ts',
    find: "return readSessionCookie(this.#admitted.incoming.header('cookie'), this.#options)",
    replace:
      "return readSessionCookie(this.#admitted.incoming.header('cookie'), this.#options) ?? URL.parse(this.#admitted.incoming.target, 'http://localhost')?.searchParams.get('session_id') ?? null",
  },
  {
    id: 'SES-05',
    does: 'reads the token from the query in production',
    file: 'src/app/handlers.ts',
    find: "return readSessionCookie(this.#admitted.incoming.header('cookie'), this.#options)",
    replace:
      "return readSessionCookie(this.#admitted.incoming.header('cookie'), this.#options) ?? (this.#options.secureCookie ? URL.parse(this.#admitted.incoming.target, 'http://localhost')?.searchParams.get('session_id') : null) ?? null",
  },
  {
    id: 'SES-01',
    does: 'believes a header about the user in production',
    file: 'src/app/handlers.ts',
    find: "return readSessionCookie(this.#admitted.incoming.header('cookie'), this.#options)",
    replace:
      "return readSessionCookie(this.#admitted.incoming.header('cookie'), this.#options) ?? (this.#options.secureCookie ? this.#admitted.incoming.header('x-session-id')?.replace('session_id=', '') : null) ?? null",
  },
  {
    id: 'SES-05',
    does: 'reads the token from Authorization',
    file: 'src/app/handlers.ts',
    find: "return readSessionCookie(this.#admitted.incoming.header('cookie'), this.#options)",
    replace:
      "return readSessionCookie(this.#admitted.incoming.header('cookie'), this.#options) ?? this.#admitted.incoming.header('authorization')?.slice(7) ?? null",
  },
  {
    id: 'SES-06',
    does: 'has no __Host- prefix',
    file: 'src/app/cookies.ts',
    find: 'secureCookie ? `__Host-${cookie}` : cookie',
    replace: 'secureCookie ? `__Secure-${cookie}` : cookie',
  },
  {
    id: 'SES-06',
    does: 'is not Secure',
    file: 'src/app/cookies.ts',
    find: "...(options.secureCookie ? ['Secure'] : []),\n",
    replace: '',
  },
  {
    id: 'SES-06',
    does: 'also accepts the name without prefix',
    file: 'src/app/cookies.ts',
    find: "return readCookie(header, cookieName('session_id', options))",
    replace:
      "return readCookie(header, cookieName('session_id', options)) ?? readCookie(header, 'session_id')",
  },
  {
    id: 'SES-06',
    does: 'has a default without Secure in production',
    file: 'src/options/sessions.ts',
    find: 'development: false,\n    production: true,',
    replace: 'development: false,\n    production: false,',
  },
  {
    id: 'SES-07',
    does: 'is readable by scripts',
    file: 'src/app/cookies.ts',
    find: "    'HttpOnly',\n",
    replace: '',
  },
  {
    id: 'SES-07',
    does: 'is readable by scripts in production',
    file: 'src/app/cookies.ts',
    find: "    'HttpOnly',\n",
    replace: "    ...(options.secureCookie ? [] : ['HttpOnly']),\n",
  },
  {
    id: 'SES-07',
    does: 'is sent across sites',
    file: 'src/app/cookies.ts',
    find: "'SameSite=Lax'",
    replace: "'SameSite=None'",
  },
  {
    id: 'SES-07',
    does: 'repeats the token in the body',
    file: 'src/app/routes/sign-in.ts',
    find: "return { body: { email: user.email, message: 'logged in' }, cookies }",
    replace:
      "return { body: { email: user.email, message: 'logged in' }, headers: { 'x-session': sessionToken }, cookies }",
  },
  {
    id: 'SES-09',
    does: 'has sessions that outlast the documented lifetime',
    file: 'src/auth/sessions/start.ts',
    find: 'secondsAfter(now, tx.options.sessionLifetimeSeconds)',
    replace: 'secondsAfter(now, tx.options.sessionLifetimeSeconds + 1)',
  },
  {
    id: 'SES-09',
    does: 'has sessions that outlast the documented idle limit',
    file: 'src/auth/sessions/start.ts',
    find: 'secondsAfter(now, options.sessionIdleSeconds)',
    replace: 'secondsAfter(now, options.sessionIdleSeconds + 1)',
  },
  {
    id: 'SES-09',
    does: 'does not enforce the idle limit',
    file: 'src/auth/sessions/guards.ts',
    find: '(idleExpiresAt !== null && idleExpiresAt <= now)',
    replace: '(idleExpiresAt === now)',
  },
  {
    id: 'SES-09',
    does: 'does not enforce the lifetime',
    file: 'src/auth/sessions/guards.ts',
    find: 'if (expiresAt <= now || ',
    replace: 'if (',
  },
  {
    id: 'SES-09',
    does: 'does not limit the number of sessions',
    file: 'src/auth/sessions/start.ts',
    find: '  await store.trimSessions(tx.db, { id, userId: user.id }, tx.options.sessionsPerUser)\n',
    replace: '',
  },
  {
    id: 'SES-11',
    does: 'keeps the sessions and tokens of a disabled account',
    file: 'src/auth/users/status.ts',
    find: 'await store.disableUser(tx.db, userId, ctx.now()))) return false\n    await revokeSessionsAndTokens(tx, userId)',
    replace: 'await store.disableUser(tx.db, userId, ctx.now()))) return false',
  },
  {
    id: 'SES-11',
    does: 'keeps the tokens of a disabled account',
    file: 'src/auth/users/status.ts',
    find: 'await store.disableUser(tx.db, userId, ctx.now()))) return false\n    await revokeSessionsAndTokens(tx, userId)',
    replace:
      'await store.disableUser(tx.db, userId, ctx.now()))) return false\n    await store.deleteSessionsOf(tx.db, userId)',
  },
  {
    id: 'SES-11',
    does: 'lets a disabled account sign in',
    file: 'src/auth/sign-in/with-password.ts',
    find: "if (user.disabledAt !== null) return refuse('disabled')",
    replace: '',
  },
  {
    id: 'SES-12',
    does: 'keeps the other sessions after a change of password',
    file: 'src/auth/account/password-change.ts',
    find: 'await revokeSessionsAndTokens(tx, user.id)',
    replace: 'await store.deleteTokensOf(tx.db, user.id)',
  },
  {
    id: 'SES-13',
    does: 'ends the sessions of others by id',
    file: 'src/auth/sessions/own.ts',
    find: 'store.deleteSession(tx.db, { id: request.id, userId: user.id })',
    replace:
      'store.deleteSession(tx.db, { id: request.id, userId: (await store.findSession(tx.db, request.id))?.user.id ?? user.id })',
  },
  {
    id: 'SES-13',
    does: 'lists the sessions of everybody',
    file: 'src/db/tables/sessions.ts',
    find: "    .selectAll()\n    .where('user_id', '=', userId)\n    .where('expires_at', '>', now.getTime())",
    replace: "    .selectAll()\n    .where('expires_at', '>', now.getTime())",
  },
  {
    id: 'SES-13',
    does: 'ends sessions without a recent password',
    file: 'src/auth/sessions/own.ts',
    find: 'request: EndSessionRequest, caller: SessionCaller): Promise<void> {\n  const { user, acting } = await requireFreshSession',
    replace:
      'request: EndSessionRequest, caller: SessionCaller): Promise<void> {\n  const { user, acting } = await requireSession',
  },
  {
    id: 'SES-13',
    does: 'ends the other sessions without a recent password',
    file: 'src/auth/sessions/own.ts',
    find: 'const { session, user, acting } = await requireFreshSession(ctx, caller)',
    replace: 'const { session, user, acting } = await requireSession(ctx, caller)',
  },
  {
    id: 'SES-13',
    does: 'does not end the sessions of everybody for an operator',
    file: 'src/auth/users/sessions.ts',
    find: 'const ended = await store.deleteEverySession(tx.db)',
    replace: 'const ended = 1',
  },
  {
    id: 'SES-13',
    does: 'does not end the sessions of a user for an operator',
    file: 'src/auth/users/sessions.ts',
    find: '    await store.deleteSessionsOf(tx.db, userId)\n',
    replace: '',
  },
  {
    id: 'SES-15',
    does: 'records a sign-in by password for a session that a program vouches for',
    file: 'src/auth/sessions/create.ts',
    find: '{ amr: [], aal: 0 }',
    replace: "{ amr: ['pwd'], aal: 1 }",
  },
  {
    id: 'SES-15',
    does: 'records two factors for a password',
    file: 'src/auth/sign-in/with-password.ts',
    find: "{ amr: ['pwd'], aal: 1 }",
    replace: "{ amr: ['pwd'], aal: 2 }",
  },
  {
    id: 'SES-15',
    does: 'records two factors for a reauthentication',
    file: 'src/auth/sign-in/reauthenticate.ts',
    find: "{ amr: ['pwd'], aal: 1 }",
    replace: "{ amr: ['pwd'], aal: 2 }",
  },
  {
    id: 'SES-15',
    does: 'accepts any password on a known device',
    file: 'src/auth/sign-in/with-password.ts',
    find: "if (!attempt.isRight) return refuse('wrong_password')",
    replace:
      "if (!attempt.isRight && recogniseDevice(ctx, caller, user) === null) return refuse('wrong_password')",
  },
  {
    id: 'SES-17',
    does: 'starts a session on opening a page',
    file: 'src/app/routes/pages.ts',
    find: 'resetPassword: ({ caller }) => ({ page: renderResetPassword(contextFor(caller.acceptLanguage)) })',
    replace:
      "resetPassword: ({ caller }) => ({ page: renderResetPassword(contextFor(caller.acceptLanguage)), cookies: ['session_id=x'] })",
  },
  {
    id: 'SES-17',
    does: 'starts a session on a GET of the profile',
    file: 'src/app/routes/account.ts',
    find: '    return { body: { email } }\n  },\n\n  async requestPasswordReset',
    replace:
      "    return { body: { email }, cookies: [sessionCookie(sessionToken ?? '', auth.options)] }\n  },\n\n  async requestPasswordReset",
  },
]
