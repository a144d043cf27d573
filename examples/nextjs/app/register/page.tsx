'use client'

import { type SubmitEvent, useState } from 'react'

export default function RegisterPage() {
  const [message, setMessage] = useState('')

  async function register(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault()
    const response = await fetch('/auth/users', { method: 'POST', body: new FormData(event.currentTarget) })
    setMessage(response.ok ? 'Open the link in the mail.' : (await response.json()).message)
  }

  return (
    <form onSubmit={register}>
      <input name="email" type="email" autoComplete="username" required />
      <input name="password" type="password" autoComplete="new-password" required />
      <button type="submit">Register</button>
      <p role="status">{message}</p>
    </form>
  )
}
