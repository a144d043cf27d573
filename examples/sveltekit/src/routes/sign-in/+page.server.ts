import { fail, redirect } from '@sveltejs/kit'
import { AuthError } from 'bienvenue-auth'
import { getAuth } from '#lib/server/auth.ts'
import type { Actions } from './$types'

export const actions: Actions = {
  async default({ request, cookies, getClientAddress }) {
    const auth = await getAuth()
    const form = await request.formData()
    const fields = { email: String(form.get('email')), password: String(form.get('password')) }
    try {
      const started = await auth.signIn.withPassword(
        fields,
        auth.callerOf(request, { ip: getClientAddress() }),
      )
      for (const { name, value, options } of auth.cookies.forSignIn(started))
        cookies.set(name, value, options)
    } catch (error) {
      if (!(error instanceof AuthError)) throw error
      return fail(400, { message: error.message })
    }
    redirect(303, '/')
  },
}
