/** Pages for requests that are refused, by the code of the error. */
export const refusals = {
  not_found: {
    heading: 'This page does not exist',
    advice: 'Check the address, or go to your account.',
  },
  method_not_allowed: {
    heading: 'This page cannot be used like this',
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
  too_many_attempts: {
    heading: 'Too many attempts',
    advice: 'Try again later.',
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
