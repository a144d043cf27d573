/**
 * Refuses an older Node in a plain sentence. Entry files import this first.
 *
 * Node links the whole package before it runs any of it, so a static import of something that an older Node lacks
 * would end in a SyntaxError instead. That is why `node:sqlite`, `crypto.argon2` and `crypto.hash` are looked up at run
 * time. Files that do so import this too: a bundler may put them into a chunk that runs before the entry file.
 */
import { nodeProblem } from './node-version.ts'

if (nodeProblem !== null) throw new Error(`bienvenue-auth ${nodeProblem}`)
