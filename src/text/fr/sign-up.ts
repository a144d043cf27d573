/** The pages that create an account and confirm its address. */
import type * as english from '../en/sign-up.ts'
import { signIn } from './sign-in.ts'

const WRONG_CODE = 'Ce code est incorrect ou a expiré. Vérifiez-le, ou demandez-en un nouveau.'
const WRONG_PASSWORD = 'Ce n’est pas le mot de passe du compte. Vérifiez-le, et saisissez de nouveau le code.'

export const signUp: typeof english.signUp = {
  heading: 'Créer un compte',
  submit: 'Créer le compte',
  haveAccount: 'Vous avez déjà un compte\u00a0?',
  signIn: 'Se connecter',
  agreement: 'En créant un compte, vous acceptez les {link}.',
  terms: 'conditions d’utilisation',
  privacy: 'Notre {link} explique comment nous utilisons vos données.',
  privacyPolicy: 'politique de confidentialité',
  problems: {
    email: {
      missing_field: 'Saisissez votre adresse e-mail.',
      invalid_field: 'Saisissez une adresse e-mail valide, par exemple nom@example.com.',
      invalid_email: 'Saisissez une adresse e-mail valide, par exemple nom@example.com.',
      email_taken: 'Il existe déjà un compte avec cette adresse. Connectez-vous, ou utilisez-en une autre.',
    },
    form: {
      refused_by_application:
        'Cette inscription a été refusée. Si vous pensez qu’il s’agit d’une erreur, adressez-vous aux personnes qui gèrent ce service.',
    },
  },
}

export const confirmCode: typeof english.confirmCode = {
  heading: 'Confirmez votre adresse e-mail',
  enter:
    'Cherchez notre e-mail dans votre boîte de réception. Vous avez {time} pour saisir le code qu’il contient.',
  anyDevice: 'Vous pouvez aussi ouvrir le lien reçu par e-mail, sur n’importe quel appareil.',
  linkOnly:
    'Cherchez notre e-mail dans votre boîte de réception. Ouvrez le lien qu’il contient, sur n’importe quel appareil, pour confirmer votre adresse. Connectez-vous ensuite.',
  otherBrowser:
    'Un code ne fonctionne que dans le navigateur où vous l’avez demandé. Demandez-en un nouveau ici, ou ouvrez le lien reçu par e-mail, sur n’importe quel appareil.',
  cookiesRefused:
    'Si vous venez d’en demander un ici, autorisez les cookies pour ce site et demandez-en un autre.',
  submit: 'Confirmer cette adresse',
  sent: 'Si un compte avec cette adresse attend d’être confirmé, un nouvel e-mail est en route.',
  passwordHint: 'Nécessaire, car le compte n’a pas été créé dans ce navigateur.',
  noEmail: 'Rien reçu\u00a0?',
  resendHint: 'Regardez d’abord dans vos courriers indésirables. Un nouveau code remplace le précédent.',
  resendLinkHint: 'Regardez d’abord dans vos courriers indésirables.',
  send: 'Envoyer un code',
  resend: 'Envoyer un nouveau code',
  resendLink: 'Envoyer un nouveau lien',
  resendHeading: 'Envoyer un nouvel e-mail',
  back: 'Revenir au code',
  problems: {
    code: {
      missing_field: 'Saisissez le code reçu par e-mail.',
      invalid_field: WRONG_CODE,
      invalid_code: WRONG_CODE,
    },
    password: {
      missing_field:
        'Le compte n’a pas été créé dans ce navigateur. Saisissez aussi son mot de passe, et de nouveau le code.',
      invalid_field: WRONG_PASSWORD,
      invalid_credentials: WRONG_PASSWORD,
      password_too_long: WRONG_PASSWORD,
    },
    form: signIn.problems.form,
  },
}
