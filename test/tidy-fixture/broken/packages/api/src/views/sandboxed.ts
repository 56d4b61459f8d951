// An api that knows the sandbox.
import { start } from '@assay/sandbox/start';

export const started = start;
