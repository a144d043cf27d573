/** The pages that set a new password with a mailed code, and the sentences about codes on the pages that mailed links open. */
import type * as english from '../en/recovery.ts'

const WRONG_CODE = 'Ce code est incorrect ou a expiré. Vérifiez-le, ou demandez-en un nouveau.'

export const recovery: typeof english.recovery = {
  heading: 'Réinitialisez votre mot de passe',
  ask: 'Saisissez l’adresse e-mail de votre compte. Nous vous enverrons un code et un lien.',
  askForLink: 'Saisissez l’adresse e-mail de votre compte. Nous vous enverrons un lien.',
  submit: 'Envoyer l’e-mail',
  signIn: 'Revenir à la connexion',
  problems: {
    email: {
      missing_field: 'Saisissez votre adresse e-mail.',
      invalid_field: 'Saisissez une adresse e-mail valide, par exemple nom@example.com.',
    },
  },
}

export const recoveryCode: typeof english.recoveryCode = {
  heading: 'Choisissez un nouveau mot de passe',
  enter:
    'Si un compte existe avec cette adresse, un e-mail est en route. Vous avez {time} pour saisir le code qu’il contient et choisir un nouveau mot de passe.',
  anyDevice: 'Vous pouvez aussi ouvrir le lien reçu par e-mail, sur n’importe quel appareil.',
  linkHeading: 'Consultez vos e-mails',
  linkOnly:
    'Si un compte existe avec cette adresse, un e-mail est en route. Ouvrez le lien qu’il contient, sur n’importe quel appareil, pour choisir un nouveau mot de passe.',
  otherBrowser:
    'Un code ne fonctionne que dans le navigateur où vous l’avez demandé. Demandez-en un nouveau ici, ou ouvrez le lien reçu par e-mail, sur n’importe quel appareil.',
  cookiesRefused:
    'Si vous venez d’en demander un ici, autorisez les cookies pour ce site et demandez-en un autre.',
  submit: 'Enregistrer le mot de passe',
  noEmail: 'Rien reçu\u00a0? Regardez d’abord dans vos courriers indésirables.',
  again: 'Demander un nouvel e-mail',
  problems: {
    code: {
      missing_field: 'Saisissez le code reçu par e-mail.',
      invalid_field: WRONG_CODE,
      invalid_code: WRONG_CODE,
    },
  },
}

export const behindLink: typeof english.behindLink = {
  signIn: 'Se connecter',
  useCode:
    'Vous pouvez aussi saisir le code reçu par e-mail, dans le navigateur où vous l’avez demandé\u00a0:',
  confirmAccount: 'Confirmer un nouveau compte',
  confirmAddress: 'Confirmer une nouvelle adresse e-mail',
  resetPassword: 'Choisir un nouveau mot de passe',
}
