import type { Mutant } from './mutant.ts'

const RESET = 'src/auth/account/password-reset.ts'
const OPTIONS = 'src/options/account.ts'

export const RECOVERY: readonly Mutant[] = [
  {
    id: 'REC-01',
    does: 'refuses a reset for an unknown address',
    file: RESET,
    find: "    await record(tx, { action: 'request_password_reset', userId: user?.id ?? null }, caller)\n",
    replace:
      "    await record(tx, { action: 'request_password_reset', userId: user?.id ?? null }, caller)\n    if (user === null) throw new AuthError('unknown_email')\n",
  },
  {
    id: 'REC-01',
    does: 'ends the sessions when a reset is requested',
    file: 'src/auth/account/password-reset.ts',
    find: '    if (user !== null && user.disabledAt === null)\n',
    replace:
      "    if (user !== null) await (await import('../sessions/revoke.ts')).revokeSessionsAndTokens(tx, user.id)\n    if (user !== null && user.disabledAt === null)\n",
  },
  {
    id: 'REC-01',
    does: 'does less work for an unknown address',
    file: 'src/auth/account/password-reset.ts',
    find: "    else await enqueueDecoy(tx, 'reset_password', caller, email, code.purpose)\n",
    replace: '',
  },
  {
    id: 'REC-02',
    does: 'answers with the token in production',
    file: 'src/app/routes/account.ts',
    find: "if (auth.options.resetTokenDelivery === 'mail') {",
    replace: "if (auth.options.mode === 'development') {",
  },
  {
    id: 'REC-02',
    does: 'mails the token to the address as it was typed',
    file: 'src/auth/account/password-reset.ts',
    find: 'caller, { code: { ...code, userId: user.id } })',
    replace: 'caller, { email, code: { ...code, userId: user.id } })',
  },
  {
    id: 'REC-02',
    does: 'records the token in the audit log',
    file: 'src/auth/account/password-reset.ts',
    find: '  const isMailed = ctx.options',
    replace:
      "  await record(ctx, { action: 'reset_password', userId: token.userId, details: { resetToken } }, caller)\n  const isMailed = ctx.options",
  },
  {
    id: 'REC-03',
    does: 'has 128 random bits',
    file: 'src/lib/random.ts',
    find: "randomBytes(32).toString('base64url')",
    replace: "Buffer.from(randomBytes(16).toString('hex')).toString('base64url')",
  },
  {
    id: 'REC-03',
    does: 'stores the secret in place of its hash',
    file: 'src/lib/digest.ts',
    find: "return hash('sha256', data, 'buffer')",
    replace: 'return Buffer.from(text)',
  },
  {
    id: 'REC-03',
    does: 'finds a token by its id alone',
    file: 'src/auth/tokens.ts',
    find: 'equalInConstantTime(token.secretHash, bearer.secretHash)',
    replace: 'equalInConstantTime(token.secretHash, token.secretHash)',
  },
  {
    id: 'REC-04',
    does: 'lets a token live for two hours',
    file: OPTIONS,
    find: 'classic: HOUR,',
    replace: 'classic: 2 * HOUR,\n    production: HOUR,',
  },
  {
    id: 'REC-04',
    does: 'lets a token live for a day in production',
    file: OPTIONS,
    find: 'classic: HOUR,',
    replace: 'classic: HOUR,\n    production: DAY,',
  },
  {
    id: 'REC-04',
    does: 'accepts a lifetime of two days',
    file: OPTIONS,
    find: "kind: { type: 'integer', min: 60, max: DAY, unit: 'seconds' },\n    classic: HOUR,",
    replace: "kind: { type: 'integer', min: 60, max: 2 * DAY, unit: 'seconds' },\n    classic: HOUR,",
  },
  {
    id: 'REC-05',
    does: 'does not count wrong codes',
    file: 'src/auth/mail-codes/check.ts',
    find: '  if (!isRight || user === null || !isAllowed(user)) return refuse(',
    replace:
      '  if (!isRight) await attempt.withdraw()\n  if (!isRight || user === null || !isAllowed(user)) return refuse(',
  },
  {
    id: 'REC-05',
    does: 'counts wrong codes for each code alone',
    file: 'src/auth/mail-codes/check.ts',
    find: 'attempterOf(row, user), caller)',
    replace: '{ email: row.id, account: user }, caller)',
  },
  {
    id: 'REC-05',
    does: 'counts wrong codes for each browser alone',
    file: 'src/auth/mail-codes/check.ts',
    find: 'email: email || Buffer.from(browserHash)',
    replace: 'email: Buffer.from(browserHash)',
  },
  {
    id: 'REC-05',
    does: 'keeps the code after the last wrong guess',
    file: 'src/auth/mail-codes/check.ts',
    find: '    if (failuresBefore + 1 >= tx.options.mailCodeFailuresPerAccount) await store.voidMailCode(tx.db, id)\n',
    replace: '',
  },
  {
    id: 'REC-05',
    does: 'lets a code live for an hour',
    file: 'src/model/mail-codes.ts',
    find: 'MAIL_CODE_LIFETIME_SECONDS = 600',
    replace: 'MAIL_CODE_LIFETIME_SECONDS = 3_600',
  },
  {
    id: 'REC-05',
    does: 'has six digits',
    file: 'src/model/mail-codes.ts',
    find: 'MAIL_CODE_DIGITS = 8',
    replace: 'MAIL_CODE_DIGITS = 6',
  },
  {
    id: 'REC-05',
    does: 'mails the same digits each time',
    file: 'src/lib/random.ts',
    find: '() => randomInt(10)',
    replace: '() => 7',
  },
  {
    id: 'REC-06',
    does: 'redeems a token as often as it is presented',
    file: 'src/db/tables/tokens.ts',
    find: '    .executeTakeFirst()\n  return numDeletedRows > 0n\n',
    replace: '    .executeTakeFirst()\n  return numDeletedRows >= 0n\n',
  },
  {
    id: 'REC-06',
    does: 'uses a token up although the change fails',
    file: 'src/auth/account/mailbox-proof.ts',
    find: '  const user = await inTransaction(ctx, async (tx) => {\n    const { userId } = proof\n    const locked = await store.lockUser(tx.db, userId)\n    const isSame = locked !== null && normalizeEmail(locked.email) === normalizeEmail(proof.email)\n    const isTaken = isSame && locked.disabledAt === null && (await proof.take(tx))\n',
    replace:
      '  const wasTaken = await proof.take(ctx as TxContext)\n  const user = await inTransaction(ctx, async (tx) => {\n    const { userId } = proof\n    const locked = await store.lockUser(tx.db, userId)\n    const isSame = locked !== null && normalizeEmail(locked.email) === normalizeEmail(proof.email)\n    const isTaken = isSame && locked.disabledAt === null && wasTaken\n',
  },
  {
    id: 'REC-06',
    does: 'redeems a code as often as it is typed',
    file: 'src/db/tables/mail-codes.ts',
    find: '  return numDeletedRows > 0n\n',
    replace: '  return numDeletedRows >= 0n\n',
  },
  {
    id: 'REC-07',
    does: 'resets with a token of any purpose',
    file: RESET,
    find: "findLiveToken(ctx, ['reset_password'], resetToken)",
    replace: "findLiveToken(ctx, ['reset_password', 'confirm_email', 'change_email'], resetToken)",
  },
  {
    id: 'REC-07',
    does: 'confirms with a reset token',
    file: 'src/auth/account/confirmation.ts',
    find: "findLiveToken(ctx, ['confirm_email', 'change_email'], request.token)",
    replace: "findLiveToken(ctx, ['reset_password', 'confirm_email', 'change_email'], request.token)",
  },
  {
    id: 'REC-07',
    does: 'ignores the address that comes with a token',
    file: RESET,
    find: '(email !== undefined && !isSameAddress(email, token.email))',
    replace: '(email === null)',
  },
  {
    id: 'REC-07',
    does: 'keeps tokens when the password changes',
    file: 'src/auth/account/password-change.ts',
    find: 'await revokeSessionsAndTokens(tx, user.id)',
    replace: 'await store.deleteSessionsOf(tx.db, user.id)',
  },
  {
    id: 'REC-07',
    does: 'accepts the code of another browser',
    file: 'src/db/tables/mail-codes.ts',
    find: "    .where('browser_hash', '=', browserHash)\n",
    replace: "    .where('browser_hash', 'is not', browserHash && null)\n",
  },
  {
    id: 'REC-07',
    does: 'accepts a code for another purpose',
    file: 'src/db/tables/mail-codes.ts',
    find: "    .where('purpose', '=', purpose)\n",
    replace: '',
  },
  {
    id: 'REC-09',
    does: 'keeps the sessions',
    file: 'src/auth/account/mailbox-proof.ts',
    find: 'if (tx.options.resetEndsSessions) await revokeSessionsAndTokens',
    replace: 'if (false) await revokeSessionsAndTokens',
  },
  {
    id: 'REC-09',
    does: 'keeps the sessions in production by default',
    file: OPTIONS,
    find: "env: 'BIENVENUE_RESET_ENDS_SESSIONS',\n    kind: { type: 'switch' },\n    classic: false,\n    production: true,",
    replace:
      "env: 'BIENVENUE_RESET_ENDS_SESSIONS',\n    kind: { type: 'switch' },\n    classic: false,\n    production: false,",
  },
  {
    id: 'REC-09',
    does: 'lets an operator keep the sessions in production',
    file: OPTIONS,
    find: "'an attacker’s sessions survive a password reset'),\n    strict: true,",
    replace: "'an attacker’s sessions survive a password reset'),\n    tolerated: true,",
  },
  {
    id: 'REC-09',
    does: 'signs in the person who resets',
    file: 'src/app/routes/account.ts',
    find: "    return { body: { email: user.email, message: 'Password updated' } }\n",
    replace:
      "    const signedIn = await auth.sessions.create({ email: user.email })\n    return { body: { email: user.email, message: 'Password updated' }, cookies: [`session_id=${signedIn}`] }\n",
  },
  {
    id: 'REC-09',
    does: 'sends no notice',
    file: 'src/auth/account/mailbox-proof.ts',
    find: "    await enqueueMail(tx, locked, 'password_changed', caller)\n",
    replace: '',
  },
  {
    id: 'REC-08',
    does: 'removes the app with a reset',
    file: 'src/auth/account/mailbox-proof.ts',
    find: `    await store.updateUser(tx.db, userId, { hashedPassword })
`,
    replace: `    await store.updateUser(tx.db, userId, { hashedPassword })
    await store.deleteTotp(tx.db, userId)
`,
  },
  {
    id: 'REC-10',
    does: 'disables the second factor with a reset',
    file: 'src/auth/account/mailbox-proof.ts',
    find: `    await store.updateUser(tx.db, userId, { hashedPassword })
`,
    replace: `    await store.updateUser(tx.db, userId, { hashedPassword })
    await store.updateSecondFactor(tx.db, userId, { enabledAt: null })
`,
  },
]
