/**
 * Runs in the browser, on the pages with passkeys. What it needs is in the markup. It writes text only, never markup.
 *
 * A form with `data-passkey` asks for a passkey and then sends itself. It is `hidden` until the script finds that the browser
 * can use passkeys:
 * - `data-passkey`: the purpose of the ceremony, such as `sign_in` or `add_passkey`.
 * - `data-ceremonies`: the URL of `POST /ceremonies`.
 * - `data-autofill`: also offer passkeys in the field whose `autocomplete` contains `webauthn`. At most one form has it.
 * - `data-known`, `data-failed`: what to say if the device has a passkey already, and if something else went wrong.
 * - fields named `ceremony` and `credential`, hidden and empty: the id, and the response of the authenticator as JSON.
 * - a `button` with `type="button"`, which starts. A submit button could not be pressed again after a cancelled dialog.
 * - an element with `role="alert"`, for these sentences.
 */

/** The ceremony that runs, and the form that it is for. The browser allows one at a time. */
let running = new AbortController()

/** The form that offers passkeys in autofill. @type {HTMLFormElement | undefined} */
let autofill

/** How old a challenge may get while it waits in autofill. The service accepts it for five minutes. */
const RENEW_AFTER_MS = 4 * 60_000

// An IP address has no RP ID.
const canUsePasskeys = 'PublicKeyCredential' in window && !/^\[|^[\d.]+$/.test(location.hostname)

if (canUsePasskeys) {
  for (const form of document.forms) {
    if (!('passkey' in form.dataset)) continue
    form.hidden = false
    form.querySelector('button')?.addEventListener('click', () => ask(form))
    if (!('autofill' in form.dataset)) continue
    autofill = form
    offer(form)
  }
}

/**
 * Opens the system's dialog, and sends its result. Afterwards autofill works again.
 *
 * @param {HTMLFormElement} form
 */
async function ask(form) {
  say(form, '')
  const turn = takeTurn()
  try {
    const { ceremony, options } = await startCeremony(form, turn)
    return send(form, ceremony, await credentialFor(options, turn))
  } catch (error) {
    if (turn.aborted) return
    const { name } = /** @type {Error} */ (error)
    const { known = '', failed = '' } = form.dataset
    // Silent if the user has closed the dialog, or it has timed out.
    if (!/^(?:NotAllowed|Abort)Error$/.test(name)) say(form, name === 'InvalidStateError' ? known : failed)
  }
  if (autofill) offer(autofill)
}

/**
 * Offers passkeys in the autofill of the field, until one is chosen or another ceremony begins.
 *
 * @param {HTMLFormElement} form
 */
async function offer(form) {
  const turn = takeTurn()
  try {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return
    const { ceremony, options } = await startCeremony(form, turn)
    const timer = setTimeout(() => renew(form, turn), RENEW_AFTER_MS)
    turn.addEventListener('abort', () => clearTimeout(timer))
    send(form, ceremony, await credentialFor(options, turn, 'conditional'))
  } catch {
    // Nobody has asked for this, so nobody is told. The button says why.
  }
}

/**
 * Replaces an old challenge, unless somebody may be choosing a passkey for it.
 *
 * @param {HTMLFormElement} form
 * @param {AbortSignal} turn
 */
function renew(form, turn) {
  const field = document.querySelector('[autocomplete~="webauthn"]')
  if (turn.aborted) return
  if (field === null || field !== document.activeElement) offer(form)
  else field.addEventListener('blur', () => renew(form, turn), { once: true })
}

/** Ends the ceremony that runs. Before the first `await`, so that of two clicks the second wins. */
function takeTurn() {
  running.abort()
  running = new AbortController()
  return running.signal
}

/**
 * @param {HTMLFormElement} form
 * @param {AbortSignal} turn
 * @returns {Promise<{ ceremony: string, options: any }>}
 */
async function startCeremony(form, turn) {
  const { passkey: purpose, ceremonies: url = '' } = form.dataset
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ purpose }),
    signal: turn,
  })
  if (!response.ok) throw new Error('no ceremony')
  return response.json()
}

/**
 * Creates a passkey if the options name a user, and asks for one otherwise.
 *
 * @param {any} options
 * @param {AbortSignal} signal
 * @param {CredentialMediationRequirement} [mediation]
 */
function credentialFor(options, signal, mediation = 'optional') {
  const { challenge, user, allowCredentials, excludeCredentials } = options
  const publicKey = {
    ...options,
    challenge: bytesOf(challenge),
    allowCredentials: allowCredentials?.map(descriptorOf),
    excludeCredentials: excludeCredentials?.map(descriptorOf),
  }
  if (!user) return navigator.credentials.get({ signal, mediation, publicKey })
  publicKey.user = { ...user, id: bytesOf(user.id) }
  return navigator.credentials.create({ signal, publicKey })
}

/** @param {{ id: string }} descriptor */
function descriptorOf(descriptor) {
  return { ...descriptor, id: bytesOf(descriptor.id) }
}

/**
 * Sends the form with the response of the authenticator.
 *
 * @param {HTMLFormElement} form
 * @param {string} ceremony
 * @param {Credential | null} credential
 */
function send(form, ceremony, credential) {
  if (credential === null) return
  form.ceremony.value = ceremony
  form.credential.value = JSON.stringify(jsonOf(credential))
  form.requestSubmit()
}

/**
 * Built by hand, because password managers break `toJSON` and `getPublicKey`.
 *
 * @param {any} credential
 */
function jsonOf(credential) {
  const { rawId, response } = credential
  /** @type {Record<string, unknown>} */
  const parts = {}
  for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'])
    if (response[name]) parts[name] = textOf(response[name])
  const id = textOf(rawId)
  const json = { id, rawId: id, type: 'public-key', response: parts, clientExtensionResults: {} }
  try {
    const { credProps } = credential.getClientExtensionResults()
    json.clientExtensionResults = { credProps }
    parts.transports = response.getTransports?.()
  } catch {
    // They only help browsers to ask better.
  }
  return json
}

/** @param {HTMLFormElement} form @param {string} text */
function say(form, text) {
  const place = form.querySelector('[role="alert"]')
  if (place) place.textContent = text
}

/** @param {string} text In base64url. */
function bytesOf(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

/** @param {ArrayBuffer} buffer */
function textOf(buffer) {
  const binary = String.fromCharCode(...new Uint8Array(buffer))
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
