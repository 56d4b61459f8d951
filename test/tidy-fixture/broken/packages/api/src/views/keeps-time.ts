// A shell with a clock, a die and an environment of its own.
import { randomBytes } from 'node:crypto';

export const timer = setInterval(() => {}, 1_000);
export const at = Date.now();
export const started = performance.now();
export const die = [Math.random(), randomBytes(1), crypto.randomUUID()];
export const home = process.env.HOME;
