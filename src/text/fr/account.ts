import type { account as english } from '../en/account.ts'

/** The pages of the account. */
export const account: typeof english = {
  navigation: {
    overview: 'Compte',
    profile: 'Profil',
    email: 'Adresse e-mail',
    password: 'Mot de passe',
    passkeys: 'Clés d’accès',
    factors: 'Second facteur',
    identities: 'Comptes associés',
    sessions: 'Appareils',
    activity: 'Activité',
    data: 'Vos données',
  },
  overview: {
    heading: 'Votre compte',
    email: 'Adresse e-mail',
    name: 'Nom',
    memberSince: 'Compte créé le',
    manage: 'Gérer votre compte',
    about: {
      profile: 'Modifiez votre nom et vos autres informations.',
      email: 'Changez l’adresse avec laquelle vous vous connectez et à laquelle nous vous écrivons.',
      password:
        'Choisissez un nouveau mot de passe, par exemple si quelqu’un d’autre connaît peut-être le vôtre.',
      passkeys: 'Connectez-vous avec votre empreinte, votre visage ou un code, sans mot de passe.',
      factors:
        'Protégez votre compte avec une application d’authentification, et gardez des codes de récupération.',
      identities: 'Connectez-vous avec un compte que vous avez chez un autre fournisseur.',
      sessions: 'Voyez où vous êtes connecté et déconnectez les autres appareils.',
      activity: 'Voyez ce qui s’est passé sur votre compte, et quand.',
      data: 'Téléchargez une copie de vos données, ou supprimez votre compte.',
    },
    missing: {
      heading: 'Ce qui manque',
      offerHeading: 'Se connecter sans mot de passe',
      offer: 'Ajouter une clé d’accès',
      decline: 'Pas maintenant',
      /** The accessible name of the button. Begins with `decline`. */
      declineNamed: 'Pas maintenant : redemander dans 30 jours',
      noSecondWay:
        'Vous n’avez qu’un seul moyen de vous connecter. Si vous le perdez, vous n’aurez plus accès à votre compte. Ajoutez une clé d’accès ou configurez une application d’authentification.',
      addSecondWay: 'Ajouter un second moyen',
      codesLeft: 'Codes de récupération qu’il vous reste\u00a0: {count}',
      renewCodes: 'Créer de nouveaux codes',
    },
  },
  email: {
    heading: 'Adresse e-mail',
    current: 'Vous vous connectez avec {email}.',
    explain:
      'Nous enverrons un e-mail à la nouvelle adresse. Rien ne change tant que vous ne l’avez pas confirmée.',
    label: 'Nouvelle adresse e-mail',
    submit: 'Envoyer l’e-mail',
    change: 'Changer d’adresse e-mail',
    done: {
      changed: 'Votre adresse e-mail a été changée. Désormais, connectez-vous avec la nouvelle.',
      mailed: 'Nous avons envoyé un lien à la nouvelle adresse. Ouvrez-le pour confirmer le changement.',
    },
    problems: {
      email: {
        missing_field: 'Saisissez la nouvelle adresse e-mail.',
        invalid_field: 'Saisissez une adresse e-mail valide, par exemple nom@example.com.',
        invalid_email: 'Saisissez une adresse e-mail valide, par exemple nom@example.com.',
      },
    },
  },
  emailCode: {
    heading: 'Confirmez la nouvelle adresse',
    sent: 'Nous avons envoyé un e-mail à la nouvelle adresse. Saisissez le code qu’il contient.',
    link: 'Vous pouvez aussi ouvrir le lien reçu par e-mail, sur n’importe quel appareil.',
    submit: 'Confirmer cette adresse',
    again: 'Rien reçu\u00a0? Regardez dans vos courriers indésirables, ou renvoyez l’e-mail.',
    problems: {
      code: {
        missing_field: 'Saisissez le code reçu par e-mail.',
        invalid_field: 'Ce code est incorrect ou a expiré. Vérifiez-le, ou demandez-en un nouveau.',
        invalid_code: 'Ce code est incorrect ou a expiré. Vérifiez-le, ou demandez-en un nouveau.',
      },
    },
  },
  password: {
    heading: 'Mot de passe',
    explain: 'Changer de mot de passe déconnecte tous vos autres appareils.',
    explainFirst:
      'Votre compte n’a pas encore de mot de passe. Avec un mot de passe, vous pourrez aussi vous connecter sans autre fournisseur.',
    current: 'Mot de passe actuel',
    submit: 'Changer le mot de passe',
    submitFirst: 'Définir le mot de passe',
    done: {
      changed: 'Votre mot de passe a été changé. Tous vos autres appareils ont été déconnectés.',
    },
  },
  sessions: {
    heading: 'Appareils',
    explain:
      'Ces appareils sont connectés à votre compte. Si l’un d’eux vous est inconnu, déconnectez-le et changez votre mot de passe.',
    current: 'Cet appareil',
    firstUse: 'Connexion',
    lastUse: 'Dernière utilisation',
    ip: 'Adresse IP',
    end: 'Déconnecter',
    endNamed: 'Déconnecter {device}',
    endOthers: 'Déconnecter tous les autres appareils',
    newer: 'Appareils précédents',
    older: 'Plus d’appareils',
    only: 'Vous n’êtes connecté sur aucun autre appareil.',
    stepUpFirst: 'Pour déconnecter d’autres appareils, confirmez d’abord que c’est bien vous.',
    stepUp: 'Confirmer',
    done: {
      ended: 'L’appareil a été déconnecté.',
      already_ended: 'Cet appareil était déjà déconnecté.',
      others_ended: 'Tous les autres appareils ont été déconnectés.',
    },
    problems: {
      form: {
        missing_field: 'Choisissez l’appareil à déconnecter.',
        invalid_field: 'Choisissez l’appareil à déconnecter.',
      },
    },
  },
  device: {
    named: '{browser} sur {system}',
    unknown: 'Appareil inconnu',
  },
  data: {
    heading: 'Vos données',
    exportHeading: 'Télécharger vos données',
    exportExplain:
      'Un fichier JSON qui contient votre compte, vos appareils et votre activité. Il ne contient aucun mot de passe, mais gardez-le pour vous.',
    export: 'Télécharger',
    deleteHeading: 'Supprimer votre compte',
    deleted:
      'Cette action est irréversible. Nous supprimerons votre adresse e-mail, votre mot de passe et votre profil. Vous serez déconnecté sur tous les appareils, et les liens et codes que nous vous avons envoyés par e-mail ne fonctionneront plus.',
    kept: 'Nous conserverons pendant {time} au plus un historique de l’activité de votre compte, sans votre adresse e-mail, vos adresses IP ni vos appareils. Les sauvegardes contiennent vos données jusqu’à leur remplacement.',
    confirmLabel: 'Votre adresse e-mail',
    confirmHint: 'Saisissez {email} pour confirmer.',
    delete: 'Supprimer le compte',
    problems: {
      email: {
        missing_field: 'Saisissez l’adresse e-mail de votre compte.',
        invalid_field: 'Ce n’est pas l’adresse e-mail de votre compte.',
      },
      form: {
        too_many_attempts: 'Vous avez téléchargé vos données plusieurs fois. Réessayez dans {time}.',
      },
    },
  },
  deleted: {
    heading: 'Votre compte a été supprimé',
    explain: 'Nous vous avons envoyé un dernier e-mail pour le confirmer. Merci d’avoir été des nôtres.',
    explainWithoutMail: 'Merci d’avoir été des nôtres.',
    signUp: 'Créer un nouveau compte',
  },
}
