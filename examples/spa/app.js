import { createClient } from 'bienvenue-auth/client'

/** Where the service is: a path of this page's origin, or another origin. */
const { content: baseUrl } = /** @type {HTMLMetaElement} */ (document.querySelector('meta[name=auth]'))

const client = createClient({ baseUrl })

const form = /** @type {HTMLFormElement} */ (element('sign-in'))
const problem = element('problem')

client.session.subscribe((current) => {
  if (current === undefined) return
  form.hidden = current.user !== null
  element('account').hidden = current.user === null
  element('user').textContent = current.user?.email ?? ''
  if (current.user !== null) void listSessions()
})

client.onSignedOut(() => {
  problem.textContent = 'You are signed out.'
})

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const data = new FormData(form, event.submitter)
  const fields = { email: String(data.get('email')), password: String(data.get('password')) }
  problem.textContent = (data.get('act') === 'register' && (await register(fields))) || (await signIn(fields))
})

element('sign-out').addEventListener('click', () => client.sessions.signOut())

/**
 * @param {{ email: string, password: string }} fields
 * @returns {Promise<string>} What went wrong, or nothing.
 */
async function register(fields) {
  const result = await client.account.register(fields)
  if (result.ok) return ''
  return result.error.code === 'email_taken' ? 'There is an account already. Sign in.' : result.error.message
}

/**
 * @param {{ email: string, password: string }} fields
 * @returns {Promise<string>} What went wrong, or nothing.
 */
async function signIn(fields) {
  const result = await client.signIn.withPassword(fields)
  // The sign-in waits for a second factor, for which the hosted page asks.
  if (result.ok && 'next' in result.data) location.assign(`${baseUrl}/sign_in/factor`)
  if (result.ok) return ''
  const { code, message, retryAfterSeconds } = result.error
  return code === 'too_many_attempts' ? `Try again in ${retryAfterSeconds} seconds.` : message
}

async function listSessions() {
  const result = await client.sessions.list()
  if (!result.ok) return
  const items = result.data.sessions.map(({ created_at, current }) => {
    const item = document.createElement('li')
    item.textContent = `since ${new Date(created_at).toLocaleString()}${current ? ', this device' : ''}`
    return item
  })
  element('sessions').replaceChildren(...items)
}

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id))
}
