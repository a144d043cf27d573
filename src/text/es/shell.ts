import type { shell as english } from '../en/shell.ts'

/** Around the content of every hosted page. */
export const shell: typeof english = {
  skip: 'Ir al contenido',
  errorTitle: 'Error: {title}',
  problem: 'Hay un problema',
  signOut: 'Cerrar sesión',
  signedInAs: 'Sesión iniciada como {email}',
  account: 'Cuenta',
  back: 'Volver',
  languages: 'Idiomas',
  help: 'Ayuda',
  contact: 'Contacto',
  terms: 'Condiciones de uso',
  privacy: 'Privacidad',
  imprint: 'Aviso legal',
  working: 'Un momento…',
  revealPassword: 'Mostrar la contraseña',
  passwordLength: '{count} de al menos {min_length} caracteres',
  passwordLongEnough: 'Longitud suficiente',
  email: 'Correo electrónico',
  password: 'Contraseña',
  newPassword: 'Contraseña nueva',
  passwordHint: 'Varias palabras sin relación entre sí son fáciles de recordar y difíciles de adivinar.',
  code: 'Código del mensaje',
  codeHint: 'Ocho cifras, con o sin espacios.',
}
