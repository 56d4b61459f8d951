// A barrel.
export { hen } from './hen.ts';
