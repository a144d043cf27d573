import type { Mutant } from './mutant.ts'

const THROTTLE = 'src/auth/sign-in/throttle.ts'

export const SIGN_IN: readonly Mutant[] = [
  {
    id: 'LGN-01',
    does: 'allows an account one attempt more than the setting',
    file: THROTTLE,
    find: 'account: { freeAttempts: ctx.options[account],',
    replace: 'account: { freeAttempts: ctx.options[account] + 1,',
  },
  {
    id: 'LGN-01',
    does: 'allows an IP address one attempt more than the setting',
    file: THROTTLE,
    find: 'ip: { freeAttempts: ctx.options[ip],',
    replace: 'ip: { freeAttempts: ctx.options[ip] + 1,',
  },
  {
    id: 'LGN-01',
    does: 'waits twice as long as documented',
    file: THROTTLE,
    find: 'firstWaitMs: WAITS.firstMs',
    replace: 'firstWaitMs: 2 * WAITS.firstMs',
  },
  {
    id: 'LGN-01',
    does: 'waits longer than the longest documented wait',
    file: THROTTLE,
    find: 'longestWaitMs: WAITS.longestMs',
    replace: 'longestWaitMs: 2 * WAITS.longestMs',
  },
  {
    id: 'LGN-01',
    does: 'forgets failures earlier than documented',
    file: THROTTLE,
    find: 'longestWaitMs: WAITS.longestMs, forgetAfterMs }',
    replace: 'longestWaitMs: WAITS.longestMs, forgetAfterMs: forgetAfterMs - 60_000 }',
  },
  {
    id: 'LGN-01',
    does: 'forgets failures later than documented',
    file: THROTTLE,
    find: 'longestWaitMs: WAITS.longestMs, forgetAfterMs }',
    replace: 'longestWaitMs: WAITS.longestMs, forgetAfterMs: forgetAfterMs + 60_000 }',
  },
  {
    id: 'LGN-02',
    does: 'has no limit per account',
    file: THROTTLE,
    find: 'if (!byAccount.allowed) throw',
    replace: 'if (false) throw',
  },
  {
    id: 'LGN-02',
    does: 'has no limit per IP address',
    file: THROTTLE,
    find: 'if (!attempt.allowed) throw tooManyAttempts(attempt.retryAfterMs)',
    replace: 'if (!attempt.allowed) continue',
  },
  {
    id: 'LGN-02',
    does: 'has no limit per IP address in production',
    file: THROTTLE,
    find: 'ip: { freeAttempts: ctx.options[ip], ...waits }',
    replace: "ip: { freeAttempts: ctx.options.mode === 'production' ? 1e6 : ctx.options[ip], ...waits }",
  },
  {
    id: 'LGN-02',
    does: 'has no limit per account in production',
    file: THROTTLE,
    find: 'account: { freeAttempts: ctx.options[account], lockAfter, ...waits }',
    replace:
      "account: { freeAttempts: ctx.options.mode === 'production' ? 1e6 : ctx.options[account], lockAfter, ...waits }",
  },
  {
    id: 'LGN-02',
    does: 'sends no Retry-After',
    file: 'src/app/responses.ts',
    find: 'return retryAfter === undefined ?',
    replace: 'return retryAfter !== 0 ?',
  },
  {
    id: 'LGN-04',
    does: 'knows no device',
    file: 'src/auth/sign-in/devices.ts',
    find: 'signature) ? id : null',
    replace: 'signature) ? null : null',
  },
  {
    id: 'LGN-04',
    does: 'keeps the failures of strangers after a reset',
    file: 'src/auth/account/mailbox-proof.ts',
    find: '    await forgetAttempts(tx, locked.email)\n',
    replace: '',
  },
  {
    id: 'LGN-04',
    does: 'counts failed sign-ins against reset requests',
    file: THROTTLE,
    find: "return keyOf(what, 'account', accountIn(email))",
    replace: "return keyOf('any', 'account', accountIn(email))",
  },
  {
    id: 'LGN-05',
    does: 'counts without a condition in the statement',
    file: 'src/db/tables/throttles.ts',
    find: '        .where(isOpen(policy, time)),\n',
    replace: '',
  },
  {
    id: 'LGN-05',
    does: 'verifies the password before it counts',
    file: 'src/auth/sign-in/password-check.ts',
    find: "  const attempt = await countAttempt(ctx, 'login', { email, account }, caller)\n",
    replace:
      "  await verify(ctx, account, password)\n  const attempt = await countAttempt(ctx, 'login', { email, account }, caller)\n",
  },
  {
    id: 'LGN-07',
    does: 'reveals in the answer that an address is taken',
    file: 'src/auth/account/sign-up.ts',
    find: '  await enqueueMail(tx, owner, kind, caller, tx.options.emailVerification ? { code } : {})\n',
    replace:
      "  await enqueueMail(tx, owner, kind, caller, tx.options.emailVerification ? { code } : {})\n  throw new AuthError('invalid_email', { field: 'email' })\n",
  },
  {
    id: 'LGN-07',
    does: 'does not notify the mailbox of a taken address',
    file: 'src/auth/account/sign-up.ts',
    find: '  await enqueueMail(tx, owner, kind, caller, tx.options.emailVerification ? { code } : {})\n',
    replace: '',
  },
  {
    id: 'LGN-07',
    does: 'hashes only the password for a new address',
    file: 'src/auth/account/registration.ts',
    find: 'const hashedPassword = await ctx.hasher.hash(account.password)',
    replace:
      "const hashedPassword = (await store.findUserByEmail(ctx.db, account.email)) ? '!' : await ctx.hasher.hash(account.password)",
  },
  {
    id: 'LGN-07',
    does: 'asks the hook of the application after the look-up',
    file: 'src/auth/account/registration.ts',
    find: `  await askBeforeSignUp(ctx, email, caller, metadataJson)
  const created = await create(ctx, { email, password, profile }, caller)
`,
    replace: `  const created = await create(ctx, { email, password, profile }, caller)
  await askBeforeSignUp(ctx, email, caller, metadataJson)
`,
  },
  {
    id: 'LGN-07',
    does: 'checks user fields only for a new address',
    file: 'src/auth/account/registration.ts',
    find: 'const metadataJson = await newUserFields(ctx, request.metadata)',
    replace:
      'const metadataJson = (await store.findUserByEmail(ctx.db, email)) ? null : await newUserFields(ctx, request.metadata)',
  },
  {
    id: 'LGN-12',
    does: 'sends no notice of a changed password',
    file: 'src/auth/account/password-change.ts',
    find: "  await enqueueMail(tx, user, 'password_changed', acting)\n",
    replace: '',
  },
  {
    id: 'LGN-12',
    does: 'sends no notice of a reset password',
    file: 'src/auth/account/mailbox-proof.ts',
    find: "    await enqueueMail(tx, locked, 'password_changed', caller)\n",
    replace: '',
  },
  {
    id: 'LGN-12',
    does: 'sends no notice of a requested change of address',
    file: 'src/auth/account/email-change.ts',
    find: "    await enqueueMail(tx, user, 'email_change_requested', acting, { details })\n",
    replace: '',
  },
  {
    id: 'LGN-12',
    does: 'sends the notice of a changed address to the new address',
    file: 'src/auth/account/mailbox-proof.ts',
    find: 'caller, { email: user.email, details })',
    replace: 'caller, { email: proof.email, details })',
  },
  {
    id: 'LGN-13',
    does: 'signs in the person who opens a reset link',
    file: 'src/app/routes/account.ts',
    find: "    return { body: { email: user.email, message: 'Password updated' } }\n",
    replace:
      "    const signedIn = await auth.sessions.create({ email: user.email })\n    return { body: { email: user.email, message: 'Password updated' }, cookies: [`session_id=${signedIn}`] }\n",
  },
  {
    id: 'LGN-13',
    does: 'signs in the person who confirms an address',
    file: 'src/app/routes/account.ts',
    find: "    return { body: { email, message: 'Email confirmed' } }\n",
    replace:
      "    const signedIn = await auth.sessions.create({ email })\n    return { body: { email, message: 'Email confirmed' }, cookies: [`session_id=${signedIn}`] }\n",
  },
  {
    id: 'LGN-14',
    does: 'has a route for a sign-in by SMS',
    file: 'src/api/sign-in.ts',
    find: "path: '/reauthenticate'",
    replace: "path: '/sms_sign_in'",
  },
  {
    id: 'LGN-09',
    does: 'asks for no second factor after a mailed code',
    file: 'src/auth/sign-in/gates.ts',
    find: `if (policyFor(ctx, user) === 'off' || aalOf(amr) === 2) return null`,
    replace: `if (policyFor(ctx, user) === 'off' || aalOf(amr) === 2 || method === 'mail_code') return null`,
  },
  {
    id: 'LGN-09',
    does: 'lets a program check the password alone',
    file: 'src/auth/sign-in/with-password.ts',
    find: `const reason = stop === null ? null : 'refusal' in stop ? stop.refusal : 'second_factor'`,
    replace: `const reason = stop === null || !('refusal' in stop) ? null : stop.refusal`,
  },
  {
    id: 'LGN-10',
    does: 'finds a pending sign-in by its id alone',
    file: 'src/auth/sign-in/pending.ts',
    find: '!pending || !equalInConstantTime(pending.secretHash, bearer.secretHash)',
    replace: '!pending',
  },
  {
    id: 'LGN-11',
    does: 'sends no notice of a sign-in that was not finished',
    file: 'src/auth/sign-in/pending.ts',
    find: '(isKnown ? null : await noticeOf(tx, user, { expiresAt }, caller))',
    replace: '(isKnown || tx.sendsMail ? null : await noticeOf(tx, user, { expiresAt }, caller))',
  },
  {
    id: 'LGN-11',
    does: 'sends no notice of a new device',
    file: 'src/auth/sign-in/admit.ts',
    find: 'else if (!isKnown && tx.keys !== null) await',
    replace: 'else if (false) await',
  },
]
