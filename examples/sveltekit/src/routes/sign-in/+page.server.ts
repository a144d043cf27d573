import { fail, redirect } from '@sveltejs/kit'
import { AuthError, type SignInResult } from 'bienvenue-auth'
import { getAuth } from '#lib/server/auth.ts'
import type { Actions } from './$types'

export const actions: Actions = {
  async default({ request, cookies, getClientAddress }) {
    const auth = await getAuth()
    const form = await request.formData()
    const fields = { email: String(form.get('email')), password: String(form.get('password')) }
    let started: SignInResult
    try {
      started = await auth.signIn.withPassword(
        { ...fields, returnTo: '/' },
        auth.callerOf(request, { ip: getClientAddress() }),
      )
      for (const { name, value, options } of auth.cookies.forSignIn(started))
        cookies.set(name, value, options)
    } catch (error) {
      if (!(error instanceof AuthError)) throw error
      return fail(400, { message: error.message })
    }
    // Otherwise the sign-in waits for a second factor. The hosted page asks for it, and leads to `returnTo`.
    redirect(303, started.next === 'signed_in' ? '/' : '/auth/sign_in/factor')
  },
}
