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
  cookies_differ: {
    heading: 'Connectez-vous à nouveau',
    advice:
      'Votre navigateur n’a pas envoyé le cookie qui vous connecte, ou en a envoyé plusieurs. Nous avons effacé les autres. Connectez-vous à nouveau. Si cela se reproduit, supprimez les cookies de ce site.',
  },
  too_many_attempts: {
    heading: 'Trop de tentatives',
    advice: 'Réessayez plus tard.',
  },
  provider_failed: {
    heading: 'Un problème est survenu chez l’autre fournisseur',
    advice:
      'Il n’a pas répondu, ou sa réponse est inutilisable. Réessayez plus tard ou connectez-vous autrement.',
  },
  provider_refused: {
    heading: 'La connexion n’a pas abouti',
    advice: 'Elle a été annulée ou refusée chez l’autre fournisseur. Réessayez ou connectez-vous autrement.',
  },
  login_flow_required: {
    heading: 'Cette connexion n’est plus valable',
    advice:
      'Elle a déjà servi, a pris trop de temps ou a été commencée dans un autre navigateur. Recommencez. Si cela se reproduit, autorisez les cookies pour ce site.',
  },
  sign_in_refused: {
    heading: 'Vous ne pouvez pas vous connecter à ce compte',
    advice: 'Contactez les responsables de ce service.',
  },
  identity_taken: {
    heading: 'Déjà associé à un autre compte',
    advice:
      'Votre compte chez l’autre fournisseur est déjà associé ici à un autre compte. Connectez-vous à ce dernier et dissociez-le d’abord. Rien n’a changé.',
  },
  registration_closed: {
    heading: 'Vous n’avez pas de compte ici',
    advice: 'Il n’est pas possible de créer un compte ici. Adressez-vous aux responsables de ce service.',
  },
  password_compromised: {
    heading: 'Réinitialisez d’abord votre mot de passe',
    advice:
      'D’autres personnes connaissent peut-être le mot de passe de ce compte. Réinitialisez-le par e-mail, puis reconnectez-vous.',
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
