import { expect, it } from 'vitest'
import { freshAuth } from '../../test/support/engines.ts'
import { AuthError, OptionError } from '../model/errors.ts'

/** A function of the library as plain JavaScript sees it. */
type Untyped = (...given: unknown[]) => unknown

/** Waits for the result of a use case, or for the first item of a list. */
async function outcomeOf(useCase: Untyped, ...given: unknown[]): Promise<unknown> {
  try {
    const result = await useCase(...given)
    if (typeof result === 'object' && result !== null && Symbol.asyncIterator in result)
      await (result as AsyncGenerator).next()
    return result
  } catch (error) {
    return error
  }
}

it.each([[], [undefined, undefined], [null, null, null]])(
  'no use case fails on a detail of its code, called with the arguments %j',
  async (...given) => {
    const auth = await freshAuth('sqlite')
    for (const [topic, useCases] of Object.entries(auth)) {
      if (typeof useCases !== 'object' || topic === 'cookies' || topic === 'testing') continue
      for (const [name, useCase] of Object.entries(useCases ?? {}) as [string, unknown][]) {
        if (typeof useCase !== 'function') continue
        const outcome = await outcomeOf(useCase as Untyped, ...given)
        if (outcome instanceof AuthError || outcome instanceof OptionError) continue
        expect(String(outcome), `${topic}.${name}`).not.toMatch(/TypeError: (?!the caller must|items is not)/)
      }
    }
  },
)

it('a request that is left out has no fields, and a caller that is left out is refused', async () => {
  const auth = await freshAuth('sqlite')
  const email = { code: 'missing_field', field: 'email' }
  expect(await outcomeOf(auth.account.register as Untyped)).toMatchObject(email)
  expect(await outcomeOf(auth.signIn.withPassword as Untyped, undefined, {})).toMatchObject(email)
  expect(await outcomeOf(auth.registerUser as Untyped)).toMatchObject(email)
  expect(await outcomeOf(auth.validLogin as Untyped)).toBe(false)
  expect(await outcomeOf(auth.createSession as Untyped)).toBe(null)
  expect(await outcomeOf(auth.users.find as Untyped)).toBe(null)
  for (const useCase of [auth.sessions.current, auth.account.get, auth.sessions.signOut])
    expect(await outcomeOf(useCase as Untyped)).toBeInstanceOf(TypeError)
})

it('an optional argument can be null', async () => {
  const auth = await freshAuth('sqlite')
  const { id } = await auth.users.create({ email: 'bob@example.com', password: 'b4l0u' })
  expect(await outcomeOf(auth.users.disable as Untyped, id, null)).toBe(true)
  expect(await outcomeOf(auth.users.list as Untyped, null)).not.toBeInstanceOf(Error)
})

it('requiring a second factor takes a boolean, so that a misspelt field does not waive it', async () => {
  const auth = await freshAuth('sqlite', { mode: 'development', baseUrl: 'http://localhost:5000' })
  const { id } = await auth.users.create({ email: 'bob@example.com', password: 'seven green umbrellas' })
  await auth.users.requireSecondFactor(id, { required: true })
  for (const [request, code] of [
    [{ require: true }, 'missing_field'],
    [true, 'missing_field'],
    [{ required: 'yes' }, 'invalid_field'],
  ] as const)
    expect(await outcomeOf(auth.users.requireSecondFactor as Untyped, id, request)).toMatchObject({
      code,
      field: 'required',
    })
  expect((await auth.users.find('bob@example.com'))?.secondFactorRequiredAt).not.toBeNull()
})

it('a value of another type than documented is refused by name', async () => {
  const auth = await freshAuth('sqlite')
  const bob = { email: 'bob@example.com', password: 'b4l0u' }
  const { id } = await auth.users.create(bob)
  const revokeFactors = (request: never) => auth.users.revokeFactors(id, request)
  for (const [useCase, request, field] of [
    [auth.signIn.withPassword, { ...bob, transport: 'header' }, 'transport'],
    [auth.signIn.withPassword, { ...bob, remember: 'no' }, 'remember'],
    [auth.sessions.create, { ...bob, transport: 'header' }, 'transport'],
    [auth.users.list, { since: '2026-11-27' }, 'since'],
    [auth.users.list, { email: 5 }, 'email'],
    [auth.users.list, { state: 'Active' }, 'state'],
    [auth.users.list, { afterId: {} }, 'afterId'],
    [auth.audit.list, { since: new Date(Number.NaN) }, 'since'],
    [auth.audit.list, { action: {} }, 'action'],
    [revokeFactors, { totp: 'yes' }, 'totp'],
    [revokeFactors, { recoveryCodes: 1 }, 'recoveryCodes'],
    [revokeFactors, { passkeys: 'all' }, 'passkeys'],
  ] as const)
    expect(await outcomeOf(useCase as Untyped, request), field).toMatchObject({
      code: 'invalid_field',
      field,
    })
  expect(await auth.users.listSessions(1)).toEqual([])
})
