import type * as english from '../en/factors.ts'

/** Shared by all pages with passkeys. */
export const passkeys: typeof english.passkeys = {
  explain:
    'Une clé d’accès vous connecte avec votre empreinte, votre visage ou le code de votre appareil. Personne ne peut la deviner, et les faux sites ne peuvent pas la voler.',
  signIn: 'Se connecter avec une clé d’accès',
  or: 'ou',
  use: 'Utiliser la clé d’accès',
  add: 'Ajouter une clé d’accès',
  addKey: 'Ajouter une clé de sécurité',
  failed: 'Cela n’a pas fonctionné. Réessayez, ou choisissez un autre moyen.',
  known: 'Cet appareil a déjà une clé d’accès pour votre compte.',
  noScript: 'Les clés d’accès ont besoin de JavaScript. Activez JavaScript, puis rechargez la page.',
  problems: {
    form: {
      missing_field: 'Votre appareil n’a pas répondu. Réessayez.',
      invalid_field: 'Votre appareil a envoyé une réponse que nous ne pouvons pas lire. Réessayez.',
      invalid_passkey: 'Cette clé d’accès n’a pas été acceptée. Réessayez, ou choisissez un autre moyen.',
      unknown_passkey:
        'Cette clé d’accès n’appartient à aucun compte ici. Elle a peut-être été supprimée. Choisissez un autre moyen.',
      user_verification_required:
        'Cette clé n’a pas vérifié que c’est bien vous\u00a0: elle ne sert que de seconde étape. Connectez-vous d’abord avec votre mot de passe.',
      passkey_known: 'Cette clé d’accès a déjà été ajoutée.',
      too_many_passkeys: 'Votre compte ne peut pas avoir plus de clés d’accès. Supprimez-en une d’abord.',
      refused_by_application:
        'Cette connexion a été refusée. Adressez-vous aux personnes qui gèrent ce service.',
    },
  },
}

/** The page for the second factor of a sign-in. The page on which users prove again who they are shares some of it. */
export const secondStep: typeof english.secondStep = {
  heading: 'Encore une étape',
  signingIn: 'Vous vous connectez en tant que {email}.',
  ask: {
    passkey: 'Utilisez une clé d’accès ou une clé de sécurité de votre compte.',
    totp: 'Saisissez le code que votre application d’authentification affiche en ce moment.',
    recovery_code:
      'Saisissez l’un de vos codes de récupération. Il ne sert qu’une fois, et un nouveau le remplacera.',
  },
  none: 'Aucun des seconds facteurs que vous avez configurés ne fonctionne en ce moment. Adressez-vous aux personnes qui gèrent ce service.',
  code: 'Code de l’application',
  codeHint: 'Six chiffres, avec ou sans espace.',
  recoveryCode: 'Code de récupération',
  recoveryCodeHint: 'Deux groupes de sept caractères, par exemple 37KQ2M9-XTPA4B1.',
  submit: 'Continuer',
  otherWays: 'Autre moyen',
  other: {
    passkey: 'Utiliser une clé d’accès',
    totp: 'Utiliser l’application d’authentification',
    recovery_code: 'Utiliser un code de récupération',
    password: 'Utiliser le mot de passe',
    provider: 'Utiliser un autre fournisseur',
  },
  cancel: 'Annuler',
  expired: 'Votre connexion a pris trop de temps et a expiré. Connectez-vous de nouveau.',
  otherSignIn:
    'Ce formulaire appartenait à une autre connexion. Continuez ci-dessous avec la connexion en cours.',
  problems: {
    code: {
      missing_field: 'Saisissez le code affiché par l’application.',
      invalid_field: 'Le code a six chiffres. Saisissez celui que l’application affiche en ce moment.',
      invalid_code: 'Ce code est incorrect ou a déjà servi. Attendez le suivant et saisissez-le.',
    },
    recovery_code: {
      missing_field: 'Saisissez un code de récupération.',
      invalid_field: 'Ce n’est pas un code de récupération. Vérifiez-le et saisissez-le en entier.',
      invalid_code: 'Ce code est incorrect ou a déjà servi. Essayez-en un autre.',
    },
    form: {
      refused_by_application:
        'Cette connexion a été refusée. Adressez-vous aux personnes qui gèrent ce service.',
    },
  },
}

/** The page that sets up the second factor that a sign-in requires. */
export const enrolment: typeof english.enrolment = {
  heading: 'Configurez un second facteur',
  why: 'Votre compte a besoin d’un second facteur. Ainsi, un mot de passe volé ne suffit pas pour se connecter. Vous ne le configurez qu’une fois.',
  passkeyHeading: 'Avec une clé d’accès',
  // The soft hyphens let the long word fit small screens.
  appHeading: 'Avec une application d’authenti\u00adfication',
  appExplain: 'L’application affiche sur votre téléphone un code, que vous saisissez pour vous connecter.',
  app: 'Configurer une application',
  back: 'Choisir un autre moyen',
}

/** Setting up an authenticator app. */
export const appSetup: typeof english.appSetup = {
  heading: 'Configurer une application d’authenti\u00adfication',
  scan: 'Scannez ce code QR avec l’application d’authentification de votre téléphone.',
  qrName: 'Code QR avec la clé pour l’application',
  key: 'Si vous ne pouvez pas le scanner, tapez cette clé dans l’application\u00a0:',
  open: 'Ouvrir dans une application de cet appareil',
  enter: 'Saisissez ensuite le code affiché par l’application.',
  replaces: 'Votre application actuelle fonctionne jusqu’à ce que vous confirmiez la nouvelle.',
  submit: 'Confirmer',
  problems: {
    code: {
      missing_field: 'Saisissez le code affiché par l’application.',
      invalid_field: 'Le code a six chiffres. Saisissez celui que l’application affiche en ce moment.',
      invalid_code:
        'Ce code est incorrect. Vérifiez que l’application a la clé de cette page et que l’heure de votre téléphone est juste.',
    },
    form: {
      refused_by_application:
        'Cette connexion a été refusée. Adressez-vous aux personnes qui gèrent ce service.',
    },
  },
}

/** The pages that show recovery codes. */
export const recoveryCodes: typeof english.recoveryCodes = {
  heading: 'Vos codes de récupération',
  explain:
    'Un de ces codes vous permet de vous connecter si vous perdez votre second facteur. Chacun ne sert qu’une fois. Gardez-les dans un gestionnaire de mots de passe, ou sur papier en lieu sûr.',
  once: 'Ils ne seront plus affichés.',
  copy: 'Copier',
  copied: 'Copié',
  print: 'Imprimer',
  save: 'Télécharger',
  kept: 'Je les ai gardés',
  newHeading: 'Votre nouveau code de récupération',
  newExplain:
    'Le code que vous venez d’utiliser ne fonctionne plus. Celui-ci le remplace. Gardez-le\u00a0: il ne sera plus affiché.',
  left: 'Codes de récupération restants\u00a0: {count}',
  newKept: 'Je l’ai gardé',
}

/** The page of the account with the passkeys. */
export const ownPasskeys: typeof english.ownPasskeys = {
  heading: 'Clés d’accès',
  securityKey: 'Une clé de sécurité s’utilise après le mot de passe. Seule, elle ne vous connecte pas.',
  none: 'Vous n’avez pas encore de clé d’accès.',
  provider: 'Enregistrée dans',
  kind: 'Nature',
  synced: 'Synchronisée avec vos autres appareils',
  oneDevice: 'Sur un seul appareil',
  onlySecond: 'Clé de sécurité pour la seconde étape',
  added: 'Ajoutée',
  lastUsed: 'Dernière utilisation',
  never: 'Jamais',
  unusable: 'Appartient à une autre adresse de ce service et ne fonctionne pas ici.',
  rename: 'Renommer',
  renameNamed: 'Renommer {name}',
  name: 'Nom',
  save: 'Enregistrer',
  remove: 'Supprimer',
  removeNamed: 'Supprimer {name}',
  done: {
    added: 'La clé d’accès a été ajoutée.',
    renamed: 'La clé d’accès a été renommée.',
    removed: 'La clé d’accès a été supprimée.',
    already_removed: 'Cette clé d’accès avait déjà été supprimée.',
  },
  problems: {
    name: {
      missing_field: 'Saisissez un nom pour la clé d’accès.',
      invalid_field: 'Utilisez de 1 à 64 caractères visibles.',
    },
    form: {
      last_way_in:
        'Cette clé d’accès est votre seul moyen de vous connecter. Définissez d’abord un mot de passe ou ajoutez une autre clé d’accès.',
      last_factor:
        'C’est votre dernier second facteur, et votre compte doit en avoir un. Ajoutez-en d’abord un autre.',
    },
  },
}

/** The page of the account with the second factor. */
export const ownFactors: typeof english.ownFactors = {
  heading: 'Second facteur',
  explain: 'Avec un second facteur, un mot de passe volé ne suffit pas pour se connecter.',
  on: 'Le second facteur est activé\u00a0: après le mot de passe, nous demandons un code ou une clé d’accès.',
  off: 'Le second facteur est désactivé\u00a0: votre mot de passe suffit pour se connecter.',
  policyOff: 'Ce service n’utilise pas de second facteur.',
  required: 'Votre compte doit avoir un second facteur\u00a0: vous ne pouvez pas le désactiver.',
  turnOn: 'Activer',
  turnOff: 'Désactiver',
  none: 'Pour l’activer, configurez une application d’authentification ou ajoutez une clé d’accès.',
  appHeading: 'Application d’authenti\u00adfication',
  appNone: 'Aucune application n’est configurée.',
  appSince: 'Configurée le',
  appDisabled: 'Cette application a été désactivée après trop de codes incorrects. Configurez-la de nouveau.',
  setUp: 'Configurer une application',
  replace: 'Configurer une nouvelle application',
  removeApp: 'Supprimer l’application',
  passkeysHeading: 'Clés d’accès',
  passkeys: 'Vos clés d’accès\u00a0: {count}',
  managePasskeys: 'Gérer les clés d’accès',
  codesHeading: 'Codes de récupération',
  codesExplain: 'Ils vous permettent de vous connecter si vous perdez votre second facteur.',
  renew: 'Créer de nouveaux codes',
  renewExplain: 'Les nouveaux codes remplacent vos codes actuels.',
  done: {
    on: 'Le second facteur est maintenant activé.',
    off: 'Le second facteur est maintenant désactivé.',
    renewed: 'Vous avez de nouveaux codes de récupération. Les anciens ne fonctionnent plus.',
    app_added: 'L’application d’authentification a été configurée.',
    app_removed: 'L’application d’authentification a été supprimée.',
    app_already_removed: 'L’application d’authentification avait déjà été supprimée.',
  },
  problems: {
    form: {
      no_second_factor:
        'Vous n’avez pas de second facteur. Configurez d’abord une application d’authentification ou ajoutez une clé d’accès.',
      last_factor:
        'C’est votre dernier second facteur, et votre compte doit en avoir un. Ajoutez-en d’abord un autre.',
    },
  },
}
