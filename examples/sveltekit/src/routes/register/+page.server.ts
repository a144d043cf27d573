import { fail } from '@sveltejs/kit'
import { AuthError } from 'bienvenue-auth'
import { getAuth } from '#lib/server/auth.ts'
import type { Actions } from './$types'

export const actions: Actions = {
  async default({ request, getClientAddress }) {
    const auth = await getAuth()
    const form = await request.formData()
    const fields = { email: String(form.get('email')), password: String(form.get('password')) }
    try {
      await auth.account.register(fields, auth.callerOf(request, { ip: getClientAddress() }))
    } catch (error) {
      if (!(error instanceof AuthError)) throw error
      return fail(400, { message: error.message })
    }
    return { message: 'Open the link in the mail.' }
  },
}
