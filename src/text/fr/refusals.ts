import type { refusals as english } from '../en/refusals.ts'

/** Pages for requests that are refused, by the code of the error. */
export const refusals: typeof english = {
  not_found: {
    heading: 'Cette page n’existe pas',
    advice: 'Vérifiez l’adresse, ou allez à votre compte.',
  },
  method_not_allowed: {
    heading: 'Cette page ne s’utilise pas ainsi',
    advice: 'Allez à votre compte et réessayez à partir de là.',
  },
  unknown_host: {
    heading: 'Mauvaise adresse',
    advice: 'Ce service ne répond pas sous ce nom. Utilisez son adresse publique.',
  },
  foreign_origin: {
    heading: 'Cette demande vient d’un autre site',
    advice:
      'Pour protéger votre compte, les formulaires d’autres sites sont refusés. Ouvrez vous-même cette page et réessayez.',
  },
  unauthenticated: {
    heading: 'Vous n’êtes pas connecté',
    advice: 'Connectez-vous, puis réessayez.',
  },
  too_many_attempts: {
    heading: 'Trop de tentatives',
    advice: 'Réessayez plus tard.',
  },
  unavailable: {
    heading: 'Momentanément indisponible',
    advice: 'Le service est surchargé ou redémarre. Réessayez dans un instant.',
  },
  bad_request: {
    heading: 'Votre navigateur a envoyé quelque chose que nous ne comprenons pas',
    advice: 'Revenez en arrière, rechargez la page et réessayez.',
  },
  internal_error: {
    heading: 'Quelque chose n’a pas fonctionné',
    advice:
      'Ce n’est pas votre faute. Réessayez plus tard. Si cela se reproduit, dites-le aux personnes qui gèrent ce service\u00a0:',
  },
  reference: 'Référence {id}',
  wait: 'Réessayez dans {time}.',
  toAccount: 'Aller à votre compte',
}
