import type { shell as english } from '../en/shell.ts'

/** Around the content of every hosted page. */
export const shell: typeof english = {
  skip: 'Aller au contenu',
  errorTitle: 'Erreur\u00a0: {title}',
  problem: 'Il y a un problème',
  signOut: 'Se déconnecter',
  signedInAs: 'Connecté en tant que {email}',
  account: 'Compte',
  back: 'Retour',
  languages: 'Langues',
  help: 'Aide',
  contact: 'Nous écrire',
  terms: 'Conditions d’utilisation',
  privacy: 'Confidentialité',
  imprint: 'Mentions légales',
  working: 'Un instant…',
  revealPassword: 'Afficher le mot de passe',
  passwordLength: '{count} sur {min_length} caractères au minimum',
  passwordLongEnough: 'Assez long',
  email: 'Adresse e-mail',
  password: 'Mot de passe',
  newPassword: 'Nouveau mot de passe',
  passwordHint: 'Plusieurs mots sans rapport entre eux sont faciles à retenir et difficiles à deviner.',
  code: 'Code reçu par e-mail',
  codeHint: 'Huit chiffres, avec ou sans espaces.',
}
