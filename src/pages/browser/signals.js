/**
 * Runs in the browser, on pages that tell password managers what the service knows about passkeys.
 *
 * An element with `data-signal` tells password managers what the service knows. Ids are base64url:
 * - `accepted`: every passkey of the account, in `data-credentials`, separated by spaces. Others are hidden, so list all.
 * - `details`: the address of the account, in `data-name`.
 * - `unknown`: a passkey that nobody has, in `data-credentials`. It is deleted for good.
 * - `data-rp-id`, and for the first two `data-user`: the user handle.
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
