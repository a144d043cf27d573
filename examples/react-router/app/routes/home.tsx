import { Form, redirect } from 'react-router'
import { auth, setCookies } from '../auth.server'
import type { Route } from './+types/home'

export async function loader({ request }: Route.LoaderArgs) {
  const signedIn = await auth.getSession(request)
  if (signedIn === null) throw redirect('/sign-in')
  return { email: signedIn.user.email }
}

/** Signs out. */
export async function action({ request }: Route.ActionArgs) {
  await auth.sessions.signOut(auth.callerOf(request))
  return redirect('/sign-in', { headers: setCookies(auth.cookies.forSignOut()) })
}

export default function Home({ loaderData }: Route.ComponentProps) {
  return (
    <Form method="post">
      <h1>Hello, {loaderData.email}</h1>
      <button type="submit">Sign out</button>
    </Form>
  )
}
