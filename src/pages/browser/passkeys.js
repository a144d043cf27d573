/**
 * Runs in the browser, on the pages with passkeys. It writes text only, never markup.
 *
 * A form with `data-passkey` asks for a passkey and then submits itself. It stays `hidden` unless the browser supports passkeys.
 * Its markup:
 * - `data-passkey`: the purpose of the ceremony, such as `sign_in` or `add_passkey`.
 * - `data-ceremonies`: the URL of `POST /ceremonies`.
 * - `data-autofill`: also offer passkeys in the field whose `autocomplete` contains `webauthn`. At most one form has it.
 * - `data-known`, `data-failed`: the sentences for a device that already has a passkey, and for any other failure.
 * - hidden, empty fields `ceremony` and `credential`: for the id, and for the response of the authenticator as JSON.
 * - a `button` with `type="button"`, which starts. A submit button could not be pressed again after a cancelled dialog.
 * - an element with `role="alert"`, which shows these sentences.
 */

/** Aborts the running ceremony. Browsers allow one at a time. */
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
 * Opens the browser's dialog and submits its result. After a failure, restarts autofill.
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
    // Say nothing if the user closed the dialog or it timed out.
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
    // Say nothing, because the user did not ask for this. The button reports its own failures.
  }
}

/**
 * Replaces an old challenge. While the field has the focus, waits, because the user may be choosing a passkey.
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

/** Aborts the running ceremony. Call it before the first `await`, so that the second of two clicks wins. */
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
 * Submits the form with the response of the authenticator.
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
    // Both are only hints.
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
