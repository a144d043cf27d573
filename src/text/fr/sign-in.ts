import type * as english from '../en/sign-in.ts'

/** The pages that start and end a session. */
export const signIn: typeof english.signIn = {
  heading: 'Se connecter',
  remember: 'Rester connecté sur cet appareil',
  submit: 'Se connecter',
  forgot: 'Mot de passe oublié\u00a0?',
  noAccount: 'Pas encore de compte\u00a0?',
  signUp: 'Créer un compte',
  cookiesRefused:
    'Votre navigateur n’a pas gardé le cookie qui vous connecte. Autorisez les cookies pour ce site, puis connectez-vous de nouveau.',
  passwordChanged: 'Votre mot de passe a été changé. Connectez-vous avec le nouveau.',
  problems: {
    email: {
      missing_field: 'Saisissez votre adresse e-mail.',
      invalid_field: 'Saisissez une adresse e-mail valide, par exemple nom@example.com.',
    },
    password: {
      missing_field: 'Saisissez votre mot de passe.',
      invalid_field: 'L’adresse e-mail ou le mot de passe est incorrect.',
      password_too_long: 'L’adresse e-mail ou le mot de passe est incorrect.',
    },
    form: {
      invalid_credentials:
        'L’adresse e-mail ou le mot de passe est incorrect, ou le compte n’est pas actif. Vérifiez les deux, ou réinitialisez le mot de passe.',
      password_compromised:
        'D’autres personnes connaissent peut-être ce mot de passe, il ne peut donc plus servir. Réinitialisez-le par e-mail.',
      refused_by_application:
        'Cette connexion a été refusée. Adressez-vous aux personnes qui gèrent ce service.',
    },
  },
  invalidOrUnconfirmed:
    'L’adresse e-mail ou le mot de passe est incorrect, ou le compte n’est pas actif. Si vous n’avez pas encore confirmé votre adresse, cherchez notre e-mail, ou demandez-en un nouveau.',
  confirm: 'Confirmer l’adresse e-mail',
}

/** The page on which users prove again who they are. */
export const stepUp: typeof english.stepUp = {
  heading: 'Confirmez que c’est bien vous',
  why: 'Saisissez votre mot de passe pour continuer. Cela protège votre compte si quelqu’un d’autre utilise votre appareil.',
  whyTotp:
    'Saisissez le code que votre application d’authentification affiche en ce moment. Cela protège votre compte si quelqu’un d’autre utilise votre appareil.',
  whyPasskey:
    'Utilisez une clé d’accès ou une clé de sécurité de votre compte. Cela protège votre compte si quelqu’un d’autre utilise votre appareil.',
  whyProvider:
    'Reconnectez-vous chez le fournisseur pour continuer. Cela protège votre compte si quelqu’un d’autre utilise votre appareil.',
  none: 'Déconnectez-vous, puis reconnectez-vous pour continuer. Cela protège votre compte si quelqu’un d’autre utilise votre appareil.',
  lost: 'Si ce n’est pas possible maintenant, déconnectez-vous, puis reconnectez-vous par un autre moyen.',
  signOut: 'Se déconnecter',
  submit: 'Continuer',
}

export const signOut: typeof english.signOut = {
  heading: 'Se déconnecter\u00a0?',
  asked: 'Vous êtes connecté en tant que {email}.',
  submit: 'Se déconnecter',
  stay: 'Rester connecté',
  notSignedIn: 'Vous n’êtes pas connecté',
  signIn: 'Se connecter',
}
