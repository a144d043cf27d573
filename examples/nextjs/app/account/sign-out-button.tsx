'use client'

export function SignOutButton() {
  async function signOut() {
    await fetch('/auth/session', { method: 'DELETE' })
    window.location.assign('/sign-in')
  }
  return (
    <button type="button" onClick={signOut}>
      Sign out
    </button>
  )
}
