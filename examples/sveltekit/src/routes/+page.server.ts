import { redirect } from '@sveltejs/kit'
import { getAuth } from '#lib/server/auth.ts'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals }) => {
  if (locals.signedIn === null) redirect(303, '/sign-in')
  return { email: locals.signedIn.user.email }
}

export const actions: Actions = {
  async signOut({ request, cookies, getClientAddress }) {
    const auth = await getAuth()
    await auth.sessions.signOut(auth.callerOf(request, { ip: getClientAddress() }))
    for (const { name, value, options } of auth.cookies.forSignOut()) cookies.set(name, value, options)
    redirect(303, '/sign-in')
  },
}
