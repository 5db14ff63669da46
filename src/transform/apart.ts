import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, ServiceError } from '../errors.ts';
import type { Plan } from './plan.ts';
import { transform } from './transform.ts';

export interface Order {
  readonly original: Uint8Array;
  readonly plan: Plan;
}

export type Outcome = { readonly body: Uint8Array } | { readonly code: ErrorCode; readonly message: string };

/** The program that carries out an order and ends; of the same kind as this file, compiled or not. */
const PROGRAM = fileURLToPath(new URL(`../drawing-process${path.extname(import.meta.url)}`, import.meta.url));

/**
 * Carries out a plan: in a process of its own where it runs a renderer on what somebody has drawn. A drawing of 700 bytes keeps
 * librsvg at work for minutes, within one call that nothing but the end of its process can stop.
 */
export async function draw(original: Uint8Array, plan: Plan, limitMs: number): Promise<Buffer> {
  return plan.from === 'svg' ? await drawApart({ original, plan }, limitMs) : await transform(original, plan);
}

async function drawApart(order: Order, limitMs: number): Promise<Buffer> {
  const child = fork(PROGRAM, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  try {
    child.send(order);
    return bodyOf(await Promise.race([outcomeOf(once(child, 'message')), undefinedAfter(once(child, 'exit'))]));
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}

async function outcomeOf(message: Promise<unknown[]>): Promise<Outcome> {
  const [outcome] = await message;
  return outcome as Outcome;
}

async function undefinedAfter(exit: Promise<unknown>): Promise<undefined> {
  await exit;
}

/** What came of it; nothing when the process ended first, because it took too long or too much. */
function bodyOf(outcome: Outcome | undefined): Buffer {
  if (outcome === undefined) throw new ServiceError('too_complex');
  if ('code' in outcome) throw new ServiceError(outcome.code, outcome.message);
  return Buffer.from(outcome.body);
}
