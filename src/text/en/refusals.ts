/** Pages for requests that are refused, by the code of the error. */
export const refusals = {
  not_found: {
    heading: 'This page does not exist',
    advice: 'Check the address, or go to your account.',
  },
  method_not_allowed: {
    heading: 'This page cannot be used this way',
    advice: 'Go to your account and try again from there.',
  },
  unknown_host: {
    heading: 'Wrong address',
    advice: 'The service is not available at this address. Use its public address.',
  },
  foreign_origin: {
    heading: 'This request came from another site',
    advice:
      'To protect your account, we do not accept forms from other sites. Open this page yourself and try again.',
  },
  unauthenticated: {
    heading: 'You are not signed in',
    advice: 'Sign in, then try again.',
  },
  cookies_differ: {
    heading: 'Sign in again',
    advice:
      'Your browser did not send the cookie that signs you in, or it sent several. We have cleared the others. Sign in again. If this keeps happening, delete the cookies of this site.',
  },
  too_many_attempts: {
    heading: 'Too many attempts',
    advice: 'Try again later.',
  },
  provider_failed: {
    heading: 'Something went wrong at the other provider',
    advice: 'It did not answer, or its answer could not be used. Try again later, or sign in another way.',
  },
  provider_refused: {
    heading: 'The sign-in was not completed',
    advice: 'It was canceled or refused at the other provider. Try again, or sign in another way.',
  },
  login_flow_required: {
    heading: 'This sign-in is no longer valid',
    advice:
      'It has already been used, took too long, or was started in another browser. Start again. If this keeps happening, allow cookies for this site.',
  },
  sign_in_refused: {
    heading: 'You cannot sign in to this account',
    advice: 'Contact the people who run this service.',
  },
  identity_taken: {
    heading: 'Already connected to another account',
    advice:
      'Your account at the other provider is already connected to a different account here. Sign in to that account and disconnect it first. Nothing has changed.',
  },
  registration_closed: {
    heading: 'You do not have an account here',
    advice: 'New accounts cannot be created here. Ask the people who run this service.',
  },
  password_compromised: {
    heading: 'Reset your password first',
    advice: 'Others may know the password of this account. Reset it by email, then sign in again.',
  },
  unavailable: {
    heading: 'Temporarily unavailable',
    advice: 'The service is busy or restarting. Try again in a moment.',
  },
  bad_request: {
    heading: 'We could not understand this request',
    advice: 'Go back, reload the page and try again.',
  },
  internal_error: {
    heading: 'Something went wrong',
    advice:
      'This is not your fault. Try again later. If it keeps happening, give the people who run this service this reference:',
  },
  /** Introduces the id of the request. */
  reference: 'Reference {id}',
  wait: 'Try again in {time}.',
  toAccount: 'Go to your account',
}
