import type { pages as english } from '../en/pages.ts'
import { errors } from './errors.ts'

const INCOMPLETE = {
  heading: 'Ce lien est incomplet',
  paragraphs: [
    'Pour que le lien reste secret, cette page l’oublie dès que vous la rechargez ou la fermez.',
    'Ouvrez de nouveau le lien reçu par e-mail, ou copiez-le en entier dans votre navigateur.',
  ],
}

export const pages: typeof english = {
  reveal: 'Afficher le mot de passe',
  resetPassword: {
    ask: {
      heading: 'Choisissez un nouveau mot de passe',
      paragraphs: ['Il remplacera l’ancien et déconnectera tous vos appareils.'],
      label: 'Nouveau mot de passe',
      hint: 'Plusieurs mots sans rapport entre eux sont faciles à retenir et difficiles à deviner.',
      submit: 'Enregistrer le mot de passe',
      sending: 'Enregistrement…',
    },
    done: {
      heading: 'Votre mot de passe a été changé',
      paragraphs: [
        'Tous vos appareils ont été déconnectés. Reconnectez-vous avec le nouveau mot de passe.',
        'Vous pouvez fermer cette page.',
      ],
    },
    invalidLink: {
      heading: 'Ce lien n’est plus valable',
      paragraphs: [
        'Un lien ne fonctionne qu’une fois et pour une durée limitée.',
        'Si vous venez de l’utiliser pour choisir un mot de passe, connectez-vous avec celui-ci. Sinon, demandez un nouveau lien.',
      ],
    },
    incomplete: INCOMPLETE,
    noScript:
      'Cette page a besoin de JavaScript pour enregistrer le mot de passe. Activez-le, puis rechargez la page.',
    passwordProblems: errors.newPassword,
  },
  resetKeepsSessions: {
    ask: ['Il remplacera l’ancien. Vos autres appareils resteront connectés.'],
    done: ['Connectez-vous avec le nouveau mot de passe.', 'Vous pouvez fermer cette page.'],
  },
  confirmEmail: {
    ask: {
      heading: 'Confirmez votre adresse e-mail',
      paragraphs: [
        'Saisissez le mot de passe de votre compte pour montrer que le compte est à vous, et pas seulement l’adresse.',
        'Si vous n’avez rien demandé, fermez cette page\u00a0: rien ne changera.',
      ],
      label: 'Mot de passe',
      hint: '',
      submit: 'Confirmer cette adresse',
      sending: 'Confirmation…',
    },
    done: {
      heading: 'Votre adresse e-mail est confirmée',
      paragraphs: ['Désormais, connectez-vous avec cette adresse.', 'Vous pouvez fermer cette page.'],
    },
    invalidLink: {
      heading: 'Ce lien n’est plus valable',
      paragraphs: [
        'Un lien ne fonctionne qu’une fois et pour une durée limitée.',
        'Si vous avez déjà confirmé cette adresse, connectez-vous. Sinon, demandez un nouveau lien.',
      ],
    },
    incomplete: INCOMPLETE,
    noScript:
      'Cette page a besoin de JavaScript pour confirmer l’adresse. Activez-le, puis rechargez la page.',
    passwordProblems: errors.currentPassword,
  },
  problems: errors.request,
}
