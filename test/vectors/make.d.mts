import type { Configured, Vector } from '../support/vectors.ts';

export function makeCanonical(): Vector[];
export function makeConfigured(): Configured[];
export function print(value: readonly Vector[] | readonly Configured[]): string;
