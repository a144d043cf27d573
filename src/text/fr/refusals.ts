import type { refusals as english } from '../en/refusals.ts'

/** Pages for requests that are refused, by the code of the error. */
export const refusals: typeof english = {
  not_found: {
    heading: 'Cette page n’existe pas',
    advice: 'Vérifiez l’adresse, ou accédez à votre compte.',
  },
  method_not_allowed: {
    heading: 'Cette page ne peut pas être utilisée ainsi',
    advice: 'Accédez à votre compte et réessayez à partir de là.',
  },
  unknown_host: {
    heading: 'Mauvaise adresse',
    advice: 'Le service n’est pas disponible à cette adresse. Utilisez son adresse publique.',
  },
  foreign_origin: {
    heading: 'Cette demande vient d’un autre site',
    advice:
      'Pour protéger votre compte, nous n’acceptons pas les formulaires d’autres sites. Ouvrez vous-même cette page et réessayez.',
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
    heading: 'Nous n’avons pas compris cette demande',
    advice: 'Revenez en arrière, rechargez la page et réessayez.',
  },
  internal_error: {
    heading: 'Quelque chose n’a pas fonctionné',
    advice:
      'Ce n’est pas votre faute. Réessayez plus tard. Si cela se reproduit, communiquez cette référence aux personnes qui gèrent ce service\u00a0:',
  },
  reference: 'Référence {id}',
  wait: 'Réessayez dans {time}.',
  toAccount: 'Accéder à votre compte',
}
