/** `deploy/Dockerfile` and `.dockerignore`, read without Docker. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './service.ts'

interface Instruction {
  readonly name: string
  readonly text: string
}

export interface Stage {
  /** Empty for the last stage, which becomes the image. */
  readonly name: string
  readonly instructions: readonly Instruction[]
}

/** Parses the subset of the format that our file uses. */
function readDockerfile(file: string): Stage[] {
  const lines = file
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
  const instructions = lines
    .filter((line) => line !== '')
    .map((line) => ({ name: line.split(' ', 1)[0] ?? '', text: line.slice(line.indexOf(' ') + 1) }))
  const starts = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []))
  return starts.map((start, index) => ({
    name: / AS (\w+)$/.exec(instructions[start]?.text ?? '')?.[1] ?? '',
    instructions: instructions.slice(start + 1, starts[index + 1]),
  }))
}

/** Whether `.dockerignore` admits a file: the last pattern that matches it or one of its folders decides. */
export function isSent(path: string): boolean {
  const patterns = readFileSync(join(ROOT, '.dockerignore'), 'utf8').match(/^[^#\n].*$/gm) ?? []
  const last = patterns.findLast((pattern) => toRegExp(pattern.replace(/^!/, '')).test(path))
  return last === undefined || last.startsWith('!')
}

/** Matches as Docker does: `*` within a folder, including leading dots, and `**` across folders. */
function toRegExp(pattern: string): RegExp {
  const parts = pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*').replaceAll('[^/]*[^/]*/', '(?:.*/)?')
  return new RegExp(`^${parts}(?:/|$)`)
}

export const DOCKERFILE = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8')
export const STAGES = readDockerfile(DOCKERFILE)

const IMAGE = STAGES.at(-1)?.instructions ?? []

/** What the instructions of this name say in the last stage, which becomes the image. */
export function textsOf(wanted: string): string[] {
  return IMAGE.filter(({ name }) => name === wanted).map(({ text }) => text)
}
