import { expect, test } from 'vitest'
import { noProgramMessage, programFor, repositoryPrograms } from './programs.ts'

const programs = repositoryPrograms('/repository')

test.each([
  ['nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4', 'mock-worker-nim'],
  ['registry.example.com:5000/mirror/nim/meta/llama-3.1-8b-instruct:1.8.4', 'mock-worker-nim'],
  ['registry.example.com/nim/google/gemma-2-9b-it:1', 'mock-worker-nim'],
  ['nexus-gateway:latest', 'gateway'],
  ['registry.example.com/team/nexus-gateway:1.2.3', 'gateway'],
  ['registry.example.com/nexus-gateway@sha256:0123', 'gateway'],
  ['nexus-model-worker:latest', 'mock-worker'],
  ['nexus-gateway-tools:latest', undefined],
  ['busybox', 'tools'],
  ['docker.io/library/busybox:1.36', 'tools'],
  ['alpine@sha256:0123', 'tools'],
  ['not-busybox', undefined],
  ['busybox/other', undefined],
  ['nginx', undefined],
  ['nim/meta', undefined],
])('image %s runs %s', (image, name) => {
  expect(programFor(image, programs)?.name).toBe(name)
})

test('a NIM learns its model from the image', () => {
  const image = 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4'
  const program = programFor(image, programs)
  expect(program !== undefined && 'env' in program && program.env?.(image)).toEqual({
    WORKER_DRESS: 'nim',
    WORKER_IMAGE: image,
  })
})

test('an image without a program is answered with what would run', () => {
  expect(noProgramMessage('nginx')).toContain('"nginx"')
  expect(noProgramMessage('nginx')).toContain('nexus-gateway')
})
