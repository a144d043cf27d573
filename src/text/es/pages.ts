import type { pages as english } from '../en/pages.ts'
import { errors } from './errors.ts'

const INCOMPLETE = {
  heading: 'Este enlace está incompleto',
  paragraphs: [
    'Para que el enlace siga siendo secreto, esta página lo olvida en cuanto usted la recarga o la cierra.',
    'Vuelva a abrir el enlace del mensaje o cópielo entero en su navegador.',
  ],
}

export const pages: typeof english = {
  reveal: 'Mostrar la contraseña',
  resetPassword: {
    ask: {
      heading: 'Elija una contraseña nueva',
      paragraphs: ['Sustituirá a la anterior y se cerrará su sesión en todos los dispositivos.'],
      label: 'Contraseña nueva',
      hint: 'Varias palabras sin relación entre sí son fáciles de recordar y difíciles de adivinar.',
      submit: 'Guardar la contraseña',
      sending: 'Guardando…',
    },
    done: {
      heading: 'Su contraseña ha cambiado',
      paragraphs: [
        'Se ha cerrado su sesión en todos los dispositivos. Inicie sesión con la contraseña nueva.',
        'Puede cerrar esta página.',
      ],
    },
    invalidLink: {
      heading: 'Este enlace ya no es válido',
      paragraphs: [
        'Un enlace funciona una sola vez y durante un tiempo limitado.',
        'Si acaba de usarlo para elegir una contraseña, inicie sesión con ella. Si no, solicite un enlace nuevo.',
      ],
    },
    incomplete: INCOMPLETE,
    noScript:
      'Esta página necesita JavaScript para guardar la contraseña. Active JavaScript y recargue la página.',
    passwordProblems: errors.newPassword,
  },
  resetKeepsSessions: {
    ask: ['Sustituirá a la anterior. Sus otros dispositivos seguirán con la sesión iniciada.'],
    done: ['Inicie sesión con la contraseña nueva.', 'Puede cerrar esta página.'],
  },
  confirmEmail: {
    ask: {
      heading: 'Confirme su dirección de correo electrónico',
      paragraphs: [
        'Introduzca la contraseña de su cuenta para demostrar que la cuenta es suya, y no solo la dirección.',
        'Si no ha solicitado nada, cierre esta página. No cambiará nada.',
      ],
      label: 'Contraseña',
      hint: '',
      submit: 'Confirmar dirección',
      sending: 'Confirmando…',
    },
    done: {
      heading: 'Su dirección de correo electrónico está confirmada',
      paragraphs: ['A partir de ahora, inicie sesión con esta dirección.', 'Puede cerrar esta página.'],
    },
    invalidLink: {
      heading: 'Este enlace ya no es válido',
      paragraphs: [
        'Un enlace funciona una sola vez y durante un tiempo limitado.',
        'Si ya ha confirmado esta dirección, inicie sesión. Si no, solicite un enlace nuevo.',
      ],
    },
    incomplete: INCOMPLETE,
    noScript:
      'Esta página necesita JavaScript para confirmar la dirección. Active JavaScript y recargue la página.',
    passwordProblems: errors.currentPassword,
  },
  problems: errors.request,
}
