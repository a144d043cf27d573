/**
 * Runs in the browser, on pages that tell password managers what the service knows about passkeys.
 *
 * Values of `data-signal`:
 * - `accepted`: all passkeys of the account, in `data-credentials`, separated by spaces. Password managers hide all others.
 * - `details`: the address of the account, in `data-name`.
 * - `unknown`: a passkey that no account has, in `data-credentials`. Password managers delete it for good.
 *
 * All have the RP ID in `data-rp-id`. The first two have the user handle in `data-user`. Ids are in base64url.
 */

for (const element of document.querySelectorAll('[data-signal]'))
  if (element instanceof HTMLElement && 'PublicKeyCredential' in window) signal(element.dataset)

/** @param {DOMStringMap} dataset */
async function signal({ signal: what, rpId = '', user: userId = '', name = '', credentials = '' }) {
  const ids = credentials.split(' ').filter((id) => id !== '')
  try {
    if (what === 'accepted')
      await PublicKeyCredential.signalAllAcceptedCredentials?.({
        rpId,
        userId,
        allAcceptedCredentialIds: ids,
      })
    if (what === 'details')
      await PublicKeyCredential.signalCurrentUserDetails?.({ rpId, userId, name, displayName: name })
    if (what === 'unknown' && ids.length === 1)
      await PublicKeyCredential.signalUnknownCredential?.({ rpId, credentialId: ids[0] ?? '' })
  } catch {
    // A courtesy to password managers. The page works without it.
  }
}
