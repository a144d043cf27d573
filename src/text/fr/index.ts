export * from '../en/index.ts'
export { refusals } from './refusals.ts'
export { shell } from './shell.ts'
export { signIn, signOut, stepUp } from './sign-in.ts'
