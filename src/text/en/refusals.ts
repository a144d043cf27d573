/** Pages for requests that are refused, by the code of the error. */
export const refusals = {
  not_found: {
    heading: 'This page does not exist',
    advice: 'Check the address, or go to your account.',
  },
  method_not_allowed: {
    heading: 'This page cannot be used like that',
    advice: 'Go to your account and try from there.',
  },
  unknown_host: {
    heading: 'Wrong address',
    advice: 'This service does not answer under this name. Use its public address.',
  },
  foreign_origin: {
    heading: 'This came from another site',
    advice:
      'To protect your account, forms of other sites are refused. Open this page yourself and try again.',
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
    advice: 'The service is busy or being restarted. Try again in a moment.',
  },
  bad_request: {
    heading: 'Your browser sent something that we do not understand',
    advice: 'Go back, reload the page and try again.',
  },
  internal_error: {
    heading: 'Something went wrong',
    advice:
      'It is not your fault. Try again later. If it keeps happening, tell the people who run this service:',
  },
  /** Introduces the id of the request. */
  reference: 'Reference {id}',
  wait: 'Try again in {time}.',
  toAccount: 'Go to your account',
}
