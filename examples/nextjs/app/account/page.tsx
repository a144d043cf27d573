import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { getSession } from '../../lib/auth'
import { SignOutButton } from './sign-out-button'

export default async function AccountPage() {
  const signedIn = await getSession(await headers())
  if (signedIn === null) redirect('/sign-in')
  return (
    <main>
      <h1>Hello, {signedIn.user.email}</h1>
      <SignOutButton />
    </main>
  )
}
