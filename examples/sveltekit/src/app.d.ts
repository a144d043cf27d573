import type { SignedIn } from 'bienvenue-auth/adapters/sveltekit'

declare global {
  namespace App {
    interface Locals {
      signedIn: SignedIn | null
    }
  }
}
