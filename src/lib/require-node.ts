/**
 * Refuses an old Node with a clear message. Entry files import this first.
 *
 * Node links all static imports before it runs any code, so importing something that an old Node lacks would fail with a
 * SyntaxError. `node:sqlite`, `crypto.argon2` and `crypto.hash` are therefore loaded at run time. Files that do so
 * import this file too, because a bundler can run them before the entry file.
 */
import { nodeProblem } from './node-version.ts'

if (nodeProblem !== null) throw new Error(`bienvenue-auth ${nodeProblem}`)
